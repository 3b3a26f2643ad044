import { decisionMade, type EventData, fromWire, rebalancePlanned, toWire } from '@rangeward/contracts';
import { z } from 'zod';

/** What a run's decision says to others: both messages, exactly as they go out. */
export type DecisionRecord = {
  readonly decision: EventData<typeof decisionMade>;
  readonly plan: EventData<typeof rebalancePlanned> | null;
};

const recordSchema = z.object({ decision: decisionMade.schema, plan: rebalancePlanned.schema.nullable() });

export function writeRecord(record: DecisionRecord): string {
  return JSON.stringify(toWire(recordSchema, record));
}

/** Throws a ZodError or a SyntaxError when the text is not a record of ours. */
export function readRecord(text: string): DecisionRecord {
  return fromWire(recordSchema, JSON.parse(text));
}
