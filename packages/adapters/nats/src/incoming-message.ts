import { createHash } from 'node:crypto';
import type { MsgHdrs } from '@nats-io/transport-node';

/** A message as JetStream keeps it, whether it was delivered or fetched by its sequence. */
export type IncomingMessage = {
  readonly subject: string;
  /** Names of CloudEvents attributes in lower case, others as they came. */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers were refused by the client: what they said is not known. */
  readonly unreadable: boolean;
  readonly body: Uint8Array;
  readonly stream: string;
  readonly sequence: number;
  /** When the broker took it, nanoseconds since 1970. */
  readonly storedAtNs: bigint;
  /** The sender's id of the work: ce-id, else the message's own id. Handling it twice has one effect. */
  readonly id: string;
  /** Tells this very message from a replay of the same work: Nats-Msg-Id, else derived from the stored message. */
  readonly messageId: string;
};

type StoredMessage = {
  readonly subject: string;
  /** Null when they cannot be read. */
  readonly headers: MsgHdrs | undefined | null;
  /** The headers where they were read already; `headers` is not looked at then. */
  readonly quick?: Record<string, string> | undefined;
  readonly body: Uint8Array;
  readonly stream: string;
  readonly sequence: number;
  readonly storedAtNs: bigint;
};

/** Reads headers and ids. Whoever sends without any id gets one derived from what the broker stored. */
export function readMessage(stored: StoredMessage): IncomingMessage {
  const { subject, body, stream, sequence, storedAtNs } = stored;
  const unreadable = stored.quick === undefined && stored.headers === null;
  const headers = stored.quick ?? readHeaders(stored.headers ?? undefined);
  const messageId = headerOf(headers, 'nats-msg-id') || derivedId(stored);
  // A dead letter carries the attributes of what it is about, but is a message of its own.
  const id = stored.stream === 'LP_DLQ' ? messageId : headers['ce-id'] || messageId;
  return { subject, headers, unreadable, body, stream, sequence, storedAtNs, id, messageId };
}

/**
 * The headers that `read` gets from the client, which parses them only then and throws at a name or value that is
 * none: the server takes whatever bytes a sender puts there. Null when they cannot be read.
 */
export function headersOf(read: () => MsgHdrs | undefined): MsgHdrs | undefined | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** NATS header names are case-sensitive, CloudEvents attributes are not. The first of several values counts. */
export function readHeaders(headers: MsgHdrs | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  if (headers === undefined) return record;
  for (const [name, values] of headers) {
    const key = /^ce-/i.test(name) ? name.toLowerCase() : name;
    record[key] ??= values[0] ?? '';
  }
  return record;
}

/** Looks a header up in any spelling; '' when it is not there. `name` is in lower case. */
export function headerOf(headers: Readonly<Record<string, string>>, name: string): string {
  for (const key in headers) if (key.length === name.length && key.toLowerCase() === name) return headers[key] ?? '';
  return '';
}

function derivedId(stored: StoredMessage): string {
  return createHash('sha256')
    .update(`${stored.subject}\n${stored.storedAtNs}\n${stored.sequence}\n`)
    .update(stored.body)
    .digest('hex')
    .slice(0, 32);
}
