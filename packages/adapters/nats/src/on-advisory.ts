import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { consumers, parseJson, Rejection, streams } from '@rangeward/contracts';
import { z } from 'zod';
import type { Broker } from './broker.ts';
import type { RawMessage } from './bus.ts';
import { deadLetterOf } from './dead-letter.ts';
import { headersOf, readMessage } from './incoming-message.ts';

const advisory = z.object({
  type: z.string(),
  stream: z.string(),
  consumer: z.string(),
  stream_seq: z.int().positive(),
  deliveries: z.int().nonnegative(),
});

/** What came of an advisory: a dead letter, or nothing to do and why. */
type AdvisoryOutcome =
  | { readonly kind: 'dead-letter'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'nothing'; readonly why: string };

/**
 * The second net under the dead letters: the server gave a message up after its last delivery, so every process that
 * took it died. Writes its dead letter, the same one as the handler would have written. Throws Rejection `not-json` or
 * `bad-advisory` for what is no advisory.
 */
export async function deadLetterFromAdvisory(broker: Broker, raw: RawMessage): Promise<AdvisoryOutcome> {
  const parsed = advisory.safeParse(parseJson(raw.body));
  if (!parsed.success) throw new Rejection('bad-advisory', `${raw.subject}: is not an advisory about a delivery`);
  const { type, stream, consumer, stream_seq: sequence, deliveries } = parsed.data;
  // We end a message only after its copy was written.
  if (!type.endsWith('.max_deliver')) return { kind: 'nothing', why: 'the handler wrote the copy itself' };
  if (!(stream in streams)) return { kind: 'nothing', why: `the stream ${stream} is not ours` };
  if (stream === 'LP_DLQ') return { kind: 'nothing', why: 'a dead letter does not get another' };
  const stored = await fetchOriginal(broker, stream, sequence);
  if (stored === undefined) return { kind: 'nothing', why: `${stream} ${sequence} is no longer kept` };
  const message = readMessage({
    subject: stored.subject,
    headers: headersOf(() => stored.header),
    body: stored.data,
    stream,
    sequence,
    storedAtNs: nanoseconds(stored.timestamp),
  });
  const letter = deadLetterOf(message, {
    reason: 'max-deliveries',
    code: 'max-deliveries',
    message: `delivered ${deliveries} times without an answer: the process that takes it dies or hangs`,
    consumer,
    service: Object.values(consumers).find((known) => known.durable === consumer)?.service ?? '',
    attempts: deliveries,
    time: new Date(broker.now()).toISOString(),
  });
  const { sequence: written, duplicate } = await broker.publisher.publish(letter);
  return { kind: 'dead-letter', sequence: written, duplicate };
}

async function fetchOriginal(broker: Broker, stream: string, sequence: number): Promise<StoredMsg | undefined> {
  try {
    return (await broker.jsm.streams.getMessage(stream, { seq: sequence })) ?? undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
    throw error;
  }
}

/** `2026-01-05T00:00:00.123456789Z` to nanoseconds since 1970: the same number as in the delivery. */
export function nanoseconds(timestamp: string): bigint {
  const match = /^(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(timestamp);
  if (match === null) throw new Rejection('bad-advisory', `${timestamp} is not a time`);
  const [, whole, fraction = '', zone] = match;
  return BigInt(Date.parse(`${whole}${zone}`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
