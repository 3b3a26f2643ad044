import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type DomainEvent, decodeEvent, type EventDefinition, Rejection, type StreamName } from '@rangeward/contracts';
import type { z } from 'zod';
import type { Broker } from './broker.ts';
import { headersOf, type IncomingMessage, readMessage } from './incoming-message.ts';

/**
 * The messages that a stream keeps under some subjects since a moment, oldest first. One request a message and no consumer,
 * so that it needs no more rights than to look.
 */
export async function* readStream(
  broker: Broker,
  stream: StreamName,
  of: { readonly subjects: string; readonly sinceMs: number },
): AsyncGenerator<IncomingMessage> {
  let next = await firstSince(broker, stream, of);
  for (;;) {
    const stored = await fetchNext(broker, stream, next, of.subjects);
    if (stored === null) return;
    next = stored.seq + 1;
    yield toMessage(stream, stored);
  }
}

/** The events of a kind since a moment. What is no such event, or is not signed by who says them, is left out and logged. */
export async function readEventsSince<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  sinceMs: number,
): Promise<DomainEvent<z.output<Schema>>[]> {
  const events: DomainEvent<z.output<Schema>>[] = [];
  const subjects = `lp.v1.${definition.name}.>`;
  for await (const message of readStream(broker, definition.stream, { subjects, sinceMs })) {
    try {
      if (definition.signed) broker.signing?.verify(definition, message);
      events.push(decodeEvent(definition, message));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      broker.log.warn({ err: error, subject: message.subject }, 'a stored message is not what its subject says');
    }
  }
  return events;
}

/** The sequence of the first message that was stored at or after a moment: halved until it is found. */
async function firstSince(
  broker: Broker,
  stream: StreamName,
  { subjects, sinceMs }: { readonly subjects: string; readonly sinceMs: number },
): Promise<number> {
  const { state } = await broker.jsm.streams.info(stream);
  let [low, high] = [Math.max(1, state.first_seq), state.last_seq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const stored = await fetchNext(broker, stream, middle, subjects);
    if (stored === null || stored.time.getTime() >= sinceMs) high = middle;
    else low = stored.seq + 1;
  }
  return low;
}

function toMessage(stream: StreamName, stored: StoredMsg): IncomingMessage {
  return readMessage({
    subject: stored.subject,
    headers: headersOf(() => stored.header),
    body: stored.data,
    stream,
    sequence: stored.seq,
    storedAtNs: BigInt(stored.time.getTime()) * 1_000_000n,
  });
}

async function fetchNext(broker: Broker, stream: string, seq: number, subjects: string): Promise<StoredMsg | null> {
  // The client's type does not name the second field, which servers know since 2.7.
  const query: { seq: number; next_by_subj: string } = { seq, next_by_subj: subjects };
  try {
    return await broker.jsm.streams.getMessage(stream, query);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null;
    throw error;
  }
}
