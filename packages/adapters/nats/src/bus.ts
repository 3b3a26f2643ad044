import type { ConsumerDefinition, DomainEvent, EventDefinition } from '@rangeward/contracts';
import type { z } from 'zod';

/** What a service sees of the bus. Handlers never see ack or nak: they return, or they throw. */
export type Bus = {
  /**
   * Publishes an event and waits until JetStream has it. The id is derived from run, event and key; `duplicate` says
   * that the broker had it already, which is success. An event declared `once` is refused when its subject exists,
   * which is success too.
   */
  publish<Schema extends z.ZodType>(
    definition: EventDefinition<Schema>,
    data: z.output<Schema>,
    cause?: Cause,
  ): Promise<Published>;
  /** Starts pulling for a durable consumer. Fails when the server's stream or consumer is not what we declare. */
  consume(consumer: ConsumerDefinition, handlers: readonly Handler[]): Promise<Consumption>;
  /** Connected, and every consumption bound. */
  readiness(): { ready: boolean; detail: Record<string, string> };
  /** Stops pulling, lets handlers finish within `withinMs`, hands the rest back, closes the connection. */
  drain(withinMs?: number): Promise<void>;
};

/** Whose work an event belongs to. Inside a handler it is filled in from the message that is being handled. */
export type Cause = { readonly correlationId?: string; readonly causationId?: string; readonly time?: string };

export type Published = {
  readonly id: string;
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
};

type Consumption = { readonly consumer: ConsumerDefinition; stop(): Promise<void> };

/** What comes with one message, beside its event. */
export type MessageContext = {
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** Aborts when the process drains and its time is up. */
  readonly signal: AbortSignal;
  /** Publishes with this message as the cause, in the same run unless told otherwise. */
  publish<Schema extends z.ZodType>(
    definition: EventDefinition<Schema>,
    data: z.output<Schema>,
    cause?: Cause,
  ): Promise<Published>;
};

/** A message as it came, for the edge where people and other tools speak. */
export type RawMessage = {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The sender's id, or one derived from subject, broker time, sequence and body. */
  readonly id: string;
  /** When the broker took it, milliseconds since 1970. */
  readonly receivedAtMs: number;
};

export type Handler =
  | {
      readonly kind: 'event';
      readonly definition: EventDefinition;
      handle(event: DomainEvent, context: MessageContext): Promise<void>;
    }
  | { readonly kind: 'raw'; handle(message: RawMessage, context: MessageContext): Promise<void> }
  | { readonly kind: 'ignore-others' };

export function on<Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
  handle: (event: DomainEvent<z.output<Schema>>, context: MessageContext) => Promise<void>,
): Handler {
  // The bus decodes with this very definition before it calls, so the data has the definition's type.
  return {
    kind: 'event',
    definition: definition as unknown as EventDefinition,
    handle: handle as (event: DomainEvent, context: MessageContext) => Promise<void>,
  };
}

export function onRaw(handle: (message: RawMessage, context: MessageContext) => Promise<void>): Handler {
  return { kind: 'raw', handle };
}

/** Events of other kinds on this consumer's subjects are acknowledged unread instead of refused. */
export const ignoreOthers: Handler = { kind: 'ignore-others' };

/** Remembers what was done, per consumer and event, so that a message delivered again has no second effect. */
export type Inbox = {
  /** `claimed`: do it; `done`: it was done; `busy`: somebody is at it. The claim ends by itself after `leaseMs`. */
  claim(consumer: string, eventId: string, leaseMs: number): Promise<'claimed' | 'done' | 'busy'>;
  /** Marks it as done; with `unhurried` together with others of the next few milliseconds. */
  done(consumer: string, eventId: string, unhurried?: boolean): Promise<void>;
  release(consumer: string, eventId: string): Promise<void>;
};
