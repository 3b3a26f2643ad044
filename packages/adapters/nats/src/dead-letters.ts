import { JetStreamApiCodes, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { definitionOf, Rejection } from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import { DEAD_LETTER_ROOT, DLQ_HEADER, replayOf } from './dead-letter.ts';
import { headersOf, readHeaders } from './incoming-message.ts';
import { PublishError, WRONG_LAST_SEQUENCE } from './publisher.ts';

const STREAM = 'LP_DLQ';

/** One line of the list of dead letters. */
type DeadLetterSummary = {
  /** Names the letter for show, replay and drop. */
  readonly sequence: number;
  /** ISO 8601 UTC, when it was given up. */
  readonly time: string;
  /** `rejected: …`, `given-up: …` or `max-deliveries: …` */
  readonly reason: string;
  readonly code: string;
  /** '' when no field is at fault. */
  readonly field: string;
  /** Where the message came from. */
  readonly subject: string;
  readonly stream: string;
  readonly consumer: string;
  readonly service: string;
  readonly attempts: number;
  readonly eventId: string;
};

/** A dead letter with its message as it was. */
type DeadLetter = DeadLetterSummary & {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** The dead letters, oldest first, from a sequence on: at most `limit` (100). */
export async function listDeadLetters(
  broker: Broker,
  options: { readonly limit?: number; readonly fromSequence?: number } = {},
): Promise<DeadLetterSummary[]> {
  const found: DeadLetterSummary[] = [];
  let next = checkSequence(options.fromSequence ?? 1);
  while (found.length < (options.limit ?? 100)) {
    const stored = await fetchMessage(broker, { seq: next, next_by_subj: `${DEAD_LETTER_ROOT}.>` });
    if (stored === undefined) break;
    const { headers: _, body: __, ...summary } = readLetter(stored);
    found.push(summary);
    next = stored.seq + 1;
  }
  return found;
}

/** Throws Rejection `bad-sequence`, or `no-dead-letter` when it is not (or no longer) there. */
export async function readDeadLetter(broker: Broker, sequence: number): Promise<DeadLetter> {
  const stored = await fetchMessage(broker, { seq: checkSequence(sequence) });
  if (stored === undefined) throw missing(sequence);
  return readLetter(stored);
}

/**
 * Publishes the message again on its own subject, with a repaired body where one is given. The letter stays until it is
 * dropped; replaying it again is the same message, which `duplicate` says. Throws Rejection `already-exists` for an
 * event that may exist only once, and what readDeadLetter throws.
 */
export async function replayDeadLetter(
  broker: Broker,
  sequence: number,
  options: { readonly by: string; readonly body?: Uint8Array },
): Promise<{ subject: string; stream: string; sequence: number; duplicate: boolean }> {
  const letter = await readDeadLetter(broker, sequence);
  const replay = replayOf(letter, options.by, options.body);
  if (replay.subject === '') {
    throw new Rejection(
      'no-subject',
      `dead letter ${sequence} does not say where it came from: it can only be dropped`,
    );
  }
  const isOnce = definitionOf(replay.subject)?.once === true;
  const headers = isOnce ? { 'Nats-Expected-Last-Subject-Sequence': '0', ...replay.headers } : replay.headers;
  try {
    return { subject: replay.subject, ...(await broker.publisher.publish({ ...replay, headers })) };
  } catch (error) {
    if (!(error instanceof PublishError) || error.code !== String(WRONG_LAST_SEQUENCE)) throw error;
    throw new Rejection(
      'already-exists',
      `${replay.subject} exists already, and an event of its kind exists once for ever: it cannot be replayed. ` +
        'Ask for a new run instead; it makes a new plan.',
      { cause: error },
    );
  }
}

/** Deletes a dead letter for good. Throws what readDeadLetter throws. */
export async function dropDeadLetter(broker: Broker, sequence: number): Promise<DeadLetterSummary> {
  const { headers: _, body: __, ...summary } = await readDeadLetter(broker, sequence);
  await broker.jsm.streams.deleteMessage(STREAM, sequence, false);
  return summary;
}

async function fetchMessage(
  broker: Broker,
  query: { seq: number } | { seq: number; next_by_subj: string },
): Promise<StoredMsg | undefined> {
  try {
    return (await broker.jsm.streams.getMessage(STREAM, query)) ?? undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
    throw error;
  }
}

function readLetter(stored: StoredMsg): DeadLetter {
  const headers = readHeaders(headersOf(() => stored.header) ?? undefined);
  const said = (name: string) => headers[`${DLQ_HEADER}${name}`] ?? '';
  return {
    sequence: stored.seq,
    time: said('Time') || stored.time.toISOString(),
    reason: said('Reason'),
    code: said('Code'),
    field: said('Field'),
    subject: said('Subject'),
    stream: said('Stream'),
    consumer: said('Consumer'),
    service: said('Service'),
    attempts: Number(said('Attempts')),
    eventId: said('Event-Id'),
    headers,
    body: stored.data,
  };
}

function checkSequence(sequence: number): number {
  if (Number.isSafeInteger(sequence) && sequence > 0) return sequence;
  throw new Rejection('bad-sequence', `${sequence} is no dead letter's number; the list shows them`, {
    field: 'sequence',
  });
}

function missing(sequence: number): Rejection {
  return new Rejection('no-dead-letter', `there is no dead letter ${sequence}: it was dropped, or never written`, {
    field: 'sequence',
  });
}
