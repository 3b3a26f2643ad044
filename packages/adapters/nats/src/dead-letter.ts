import { createHash } from 'node:crypto';
import type { IncomingMessage } from './incoming-message.ts';
import type { OutgoingMessage } from './publisher.ts';

/** Why a message was given up, as it stands in the headers of its dead letter. */
type DeadLetterReason = {
  readonly reason: 'rejected' | 'given-up' | 'max-deliveries';
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
  readonly consumer: string;
  readonly service: string;
  readonly attempts: number;
  /** ISO 8601 UTC. */
  readonly time: string;
};

export const DEAD_LETTER_ROOT = 'lp.v1.dlq';
export const DLQ_HEADER = 'Rangeward-Dlq-';
const ORIGINAL = `${DLQ_HEADER}Original-`;

/**
 * The dead letter of a message: its own body and headers, and beside them why and where. The broker's own headers
 * (Nats-…) are instructions, so they are kept under another name.
 */
export function deadLetterOf(message: IncomingMessage, why: DeadLetterReason): OutgoingMessage {
  const headers: Record<string, string> = { 'Nats-Msg-Id': deadLetterId(message, why.consumer) };
  for (const [name, value] of Object.entries(message.headers)) {
    if (name.startsWith(DLQ_HEADER)) continue;
    headers[/^nats-/i.test(name) ? `${ORIGINAL}${name.slice('nats-'.length)}` : name] = value;
  }
  Object.assign(headers, {
    [`${DLQ_HEADER}Reason`]: oneLine(`${why.reason}: ${why.message}`),
    [`${DLQ_HEADER}Code`]: why.code,
    ...(why.field ? { [`${DLQ_HEADER}Field`]: oneLine(why.field) } : {}),
    [`${DLQ_HEADER}Subject`]: message.subject,
    [`${DLQ_HEADER}Stream`]: message.stream,
    [`${DLQ_HEADER}Sequence`]: String(message.sequence),
    [`${DLQ_HEADER}Consumer`]: why.consumer,
    [`${DLQ_HEADER}Service`]: why.service,
    [`${DLQ_HEADER}Attempts`]: String(why.attempts),
    [`${DLQ_HEADER}Time`]: why.time,
    [`${DLQ_HEADER}Event-Id`]: oneLine(message.id),
  });
  return { subject: `${DEAD_LETTER_ROOT}.${message.stream}.${why.consumer}`, headers, body: message.body };
}

/**
 * One dead letter for each consumer, event and message: the handler's copy and the advisory's are the same one, that of
 * a replay which fails again is another.
 */
function deadLetterId(message: IncomingMessage, consumer: string): string {
  const parts = ['dlq', message.stream, consumer, message.id, message.messageId];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

type ReplayedLetter = {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** What goes out when a dead letter is replayed: its own subject and headers, without ours and the broker's. */
export function replayOf(
  letter: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array; readonly sequence: number },
  by: string,
  repaired: Uint8Array | undefined,
): ReplayedLetter {
  const id = letter.headers['Nats-Msg-Id'] ?? `LP_DLQ/${letter.sequence}`;
  const messageId = createHash('sha256').update(`replay\n${id}`).digest('hex').slice(0, 32);
  const headers: Record<string, string> = { 'Nats-Msg-Id': messageId };
  for (const [name, value] of Object.entries(letter.headers)) {
    if (!name.startsWith(DLQ_HEADER) && !/^nats-/i.test(name)) headers[name] = value;
  }
  headers['Rangeward-Replayed-From'] = `LP_DLQ/${letter.sequence}`;
  headers['Rangeward-Replayed-By'] = oneLine(by);
  return { subject: letter.headers[`${DLQ_HEADER}Subject`] ?? '', headers, body: repaired ?? letter.body };
}

/** Headers are single lines of moderate length. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 1_000);
}
