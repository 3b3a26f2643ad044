import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  PermissionViolationError,
} from '@nats-io/transport-node';
import { Rejection } from '@rangeward/contracts';
import { inboxPrefix } from './connect.ts';
import { encodeHeaders } from './encode-headers.ts';

/** JetStream took the message, or had it already. */
export type Acknowledgement = { readonly stream: string; readonly sequence: number; readonly duplicate: boolean };

export type OutgoingMessage = {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** The broker answered, and the answer is no. `code` is JetStream's error code, or the name of what is missing. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: string;
  readonly subject: string;

  constructor(code: string, subject: string, message: string, options: { cause?: unknown } = {}) {
    super(`${subject} was not published: ${message}`, options);
    this.code = code;
    this.subject = subject;
  }
}

export type Publisher = {
  /**
   * Publishes and waits for JetStream's answer; sends the same message again when none comes, so it must carry a
   * `Nats-Msg-Id`. Throws PublishError after `withinMs` without an answer or at once when refused, and Rejection
   * `too-large` for a body that the server does not take.
   */
  publish(message: OutgoingMessage): Promise<Acknowledgement>;
  close(): void;
};

type Pending = {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly body: Uint8Array;
  readonly reply: string;
  readonly giveUpAtMs: number;
  resendAtMs: number;
  waitMs: number;
  resolve(acknowledgement: Acknowledgement): void;
  reject(error: unknown): void;
};

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 8_000;
const SWEEP_MS = 100;
/** JetStream: system temporarily unavailable; a message of the same subject is still on its way to the replicas. */
const PASSING = new Set([10_008, 10_164]);
export const WRONG_LAST_SEQUENCE = 10_071;

/**
 * Publishes over one reply subscription and one timer for all messages on their way. After a reconnect everything
 * without an answer goes out again at once, with the same id.
 */
export function openPublisher(nc: NatsConnection, service: string, withinMs = 30_000): Publisher {
  const inbox = createInbox(inboxPrefix(service));
  const pending = new Map<string, Pending>();
  let tokens = 0;

  const settle = (token: string): Pending | undefined => {
    const found = pending.get(token);
    pending.delete(token);
    return found;
  };
  const rejectAll = (error: (subject: string) => Error) => {
    for (const token of [...pending.keys()]) {
      const one = settle(token);
      one?.reject(error(one.subject));
    }
  };
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, reply) => {
      if (error) return rejectAll((subject) => new PublishError('no-inbox', subject, error.message, { cause: error }));
      const token = reply.subject.slice(inbox.length + 1);
      const one = pending.get(token);
      if (one === undefined || isNoResponders(reply)) return;
      answer(one, reply, () => pending.delete(token));
    },
  });
  const sweep = setInterval(() => sweepPending(nc, pending, settle), SWEEP_MS);
  sweep.unref();
  void followStatus(nc, pending, settle).then(() =>
    rejectAll((subject) => new PublishError('closed', subject, 'the connection is closed')),
  );

  return {
    publish(message) {
      return new Promise((resolve, reject) => {
        const token = (++tokens).toString(36);
        const nowMs = performance.now();
        const one: Pending = {
          subject: message.subject,
          headers: encodeHeaders(message.headers),
          body: message.body,
          reply: `${inbox}.${token}`,
          giveUpAtMs: nowMs + withinMs,
          resendAtMs: nowMs + FIRST_WAIT_MS,
          waitMs: FIRST_WAIT_MS,
          resolve,
          reject,
        };
        send(nc, one);
        pending.set(token, one);
      });
    },
    close() {
      clearInterval(sweep);
      if (!nc.isClosed()) subscription.unsubscribe();
      rejectAll((subject) => new PublishError('closed', subject, 'the publisher is closed'));
    },
  };
}

function send(nc: NatsConnection, one: Pending): void {
  try {
    nc.publish(one.subject, one.body, { headers: one.headers, reply: one.reply });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (why.includes('max_payload')) {
      throw new Rejection('too-large', `${one.subject}: ${one.body.length} bytes are more than the server takes`, {
        cause,
      });
    }
    throw new PublishError('not-sent', one.subject, why, { cause });
  }
}

function answer(one: Pending, reply: Msg, finish: () => void): void {
  const said = reply.json<{ stream?: string; seq?: number; duplicate?: boolean; error?: ApiError }>();
  if (said.error !== undefined) {
    // Left pending: the sweep sends it again.
    if (PASSING.has(said.error.err_code)) return;
    finish();
    one.reject(new PublishError(String(said.error.err_code), one.subject, said.error.description));
    return;
  }
  finish();
  one.resolve({ stream: said.stream ?? '', sequence: said.seq ?? 0, duplicate: said.duplicate === true });
}

type ApiError = { readonly code: number; readonly err_code: number; readonly description: string };

/** Nobody listens: the server is still starting JetStream, or no stream has this subject. The sweep tries again. */
function isNoResponders(reply: Msg): boolean {
  return reply.data.length === 0 && reply.headers?.code === 503;
}

function sweepPending(
  nc: NatsConnection,
  pending: ReadonlyMap<string, Pending>,
  settle: (token: string) => Pending | undefined,
): void {
  const nowMs = performance.now();
  for (const [token, one] of pending) {
    if (nowMs >= one.giveUpAtMs) {
      settle(token)?.reject(new PublishError('no-answer', one.subject, 'JetStream did not answer in time'));
    } else if (nowMs >= one.resendAtMs) {
      one.waitMs = Math.min(one.waitMs * 2, LONGEST_WAIT_MS);
      one.resendAtMs = nowMs + one.waitMs;
      resend(nc, token, one, settle);
    }
  }
}

function resend(nc: NatsConnection, token: string, one: Pending, settle: (token: string) => Pending | undefined): void {
  try {
    send(nc, one);
  } catch (error) {
    settle(token)?.reject(error);
  }
}

/** Ends when the connection is closed. */
async function followStatus(
  nc: NatsConnection,
  pending: ReadonlyMap<string, Pending>,
  settle: (token: string) => Pending | undefined,
): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'reconnect') {
      for (const [token, one] of pending) resend(nc, token, one, settle);
    }
    if (status.type === 'error' && status.error instanceof PermissionViolationError) {
      const { operation, subject, message } = status.error;
      if (operation !== 'publish') continue;
      for (const [token, one] of pending) {
        if (one.subject === subject) settle(token)?.reject(new PublishError('not-permitted', subject, message));
      }
    }
  }
}
