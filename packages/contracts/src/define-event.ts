import { hash } from 'node:crypto';
import type { z } from 'zod';
import type { StreamName } from './streams.ts';

export const serviceNames = ['scheduler', 'market-data', 'signal', 'decision', 'executor', 'alerts'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Everything there is to know about one event; subject, codec, schema, documentation all come from here. */
export type EventDefinition<Schema extends z.ZodType = z.ZodType> = {
  /** `market-observed`, or `trigger.price-breach` for the kinds of trigger. */
  readonly name: string;
  /** What happened, in one sentence a newcomer understands. */
  readonly description: string;
  readonly stream: StreamName;
  /** Who says it. A person or any tool may also say `trigger.manual`. */
  readonly saidBy: readonly (ServiceName | 'person')[];
  /** Names of the data fields that make the subject's last tokens, in order. */
  readonly address: readonly string[];
  /** At most one message per subject, for ever (plans and trades). */
  readonly once: boolean;
  /** Moves or stops money: carries its speaker's signature wherever keys are configured, and is not believed without. */
  readonly signed: boolean;
  readonly schema: Schema;
  /** What tells this event from others of the same name in the same run; '' when a run has only one. */
  readonly key: (data: z.output<Schema>) => string;
};

export type EventData<Definition> = Definition extends EventDefinition<infer Schema> ? z.output<Schema> : never;

type Declaration<Schema extends z.ZodType> = Omit<EventDefinition<Schema>, 'once' | 'signed' | 'key'> & {
  once?: boolean;
  signed?: boolean;
  key?: (data: z.output<Schema>) => string;
};

export function defineEvent<Schema extends z.ZodType>(declaration: Declaration<Schema>): EventDefinition<Schema> {
  return { once: false, signed: false, key: () => '', ...declaration };
}

/**
 * The id of an event: 32 hex digits derived from run, name and key, so that the same work published twice is the same
 * message. For an event outside any run, pass an empty run id and a key that is unique by itself.
 */
export function eventId(run: string, name: string, key: string): string {
  return hash('sha256', `${run}\n${name}\n${key}`).slice(0, 32);
}

/**
 * The id of the run that a trigger starts: a UUIDv7 without dashes. Its time part is the trigger's time and the rest is
 * derived from the trigger's id, so that two schedulers that hear the same trigger open the same run.
 */
export function runIdOf(triggerId: string, positionKey: string, triggerTimeMs: number): string {
  const random = hash('sha256', `${triggerId}\n${positionKey}`);
  const time = Math.max(0, Math.floor(triggerTimeMs)).toString(16).padStart(12, '0').slice(-12);
  const variant = ((Number.parseInt(random.charAt(3), 16) & 0x3) | 0x8).toString(16);
  return `${time}7${random.slice(0, 3)}${variant}${random.slice(4, 19)}`;
}
