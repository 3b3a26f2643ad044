import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import {
  consumers,
  decodeEvent,
  type EventDefinition,
  type Plan,
  Rejection,
  rebalancePlanned,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import type { z } from 'zod';
import type { Broker } from './broker.ts';
import { headersOf, readMessage } from './incoming-message.ts';

const { stream: STREAM, durable: DURABLE } = consumers.executorPlans;

/** A plan as the broker keeps it, and what became of it. */
export type JournalEntry = {
  readonly plan: Plan;
  /** The broker has never given this plan to any executor, so nothing can have been done for it. */
  readonly undelivered: boolean;
  /** Null while nobody has said how the plan ended. */
  readonly trade: TradeExecuted | null;
  /** When that was said, milliseconds since 1970; null with it. */
  readonly tradedAtMs: number | null;
};

/**
 * Every plan of a chain that the broker keeps (a year), oldest first, with the event that closed it: what money was moved
 * for, told by another store than Redis. A message that is no plan or trade of ours, or is not signed by who says them,
 * is left out and logged. One request a message; reads with the rights of a service, which may make no consumer.
 */
export async function readPlanJournal(broker: Broker, chain: string): Promise<JournalEntry[]> {
  // Asked first: what is delivered while we read counts as delivered only when it was so before.
  const delivered = (await broker.jsm.consumers.info(STREAM, DURABLE)).delivered.stream_seq;
  const trades = new Map<string, { readonly trade: TradeExecuted; readonly atMs: number }>();
  for await (const { data, atMs } of readKind(broker, tradeExecuted, chain)) {
    trades.set(data.planId, { trade: data, atMs });
  }
  const entries: JournalEntry[] = [];
  for await (const { data, sequence } of readKind(broker, rebalancePlanned, chain)) {
    const closed = trades.get(data.planId);
    entries.push({
      plan: data,
      undelivered: sequence > delivered,
      trade: closed?.trade ?? null,
      tradedAtMs: closed?.atMs ?? null,
    });
  }
  return entries;
}

type Read<Data> = { readonly data: Data; readonly sequence: number; readonly atMs: number };

async function* readKind<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  chain: string,
): AsyncGenerator<Read<z.output<Schema>>> {
  const subjects = `lp.v1.${definition.name}.${chain}.>`;
  for (let next = 1; ; ) {
    const stored = await fetchNext(broker, next, subjects);
    if (stored === null) return;
    next = stored.seq + 1;
    const read = decode(broker, definition, stored);
    if (read !== null) yield read;
  }
}

function decode<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  stored: StoredMsg,
): Read<z.output<Schema>> | null {
  const storedAtNs = BigInt(stored.time.getTime()) * 1_000_000n;
  const message = readMessage({
    subject: stored.subject,
    headers: headersOf(() => stored.header),
    body: stored.data,
    stream: STREAM,
    sequence: stored.seq,
    storedAtNs,
  });
  try {
    if (definition.signed === true) broker.signing?.verify(definition, message);
    return { data: decodeEvent(definition, message).data, sequence: stored.seq, atMs: stored.time.getTime() };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    broker.log.warn({ err: error, subject: stored.subject }, 'a stored message is no plan or trade of ours');
    return null;
  }
}

async function fetchNext(broker: Broker, seq: number, subjects: string): Promise<StoredMsg | null> {
  // The client's type does not name the second field, which servers know since 2.7.
  const query: { seq: number; next_by_subj: string } = { seq, next_by_subj: subjects };
  try {
    return await broker.jsm.streams.getMessage(STREAM, query);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null;
    throw error;
  }
}
