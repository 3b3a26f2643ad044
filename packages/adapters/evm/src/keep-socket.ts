import { setTimeout as delay } from 'node:timers/promises';
import type { RpcSocket } from './rpc-socket.ts';

type KeptSocket = {
  /** Opens a connection; calls back when it is lost. */
  readonly openSocket: (onClose: () => void) => Promise<RpcSocket>;
  /** Ends the keeping and closes the connection. */
  readonly signal: AbortSignal;
  /** Subscribes on each new connection; a throw counts as a lost connection. */
  readonly onOpen: (socket: RpcSocket) => Promise<void>;
  readonly onClose: () => void;
  readonly onTrouble: (error: unknown) => void;
};

const PAUSE_MS = { least: 100, most: 10_000 };

/** Keeps a connection open, again and again with growing pauses, until the signal; resolves then. */
export async function keepSocket(kept: KeptSocket): Promise<void> {
  const { signal } = kept;
  let pauseMs = PAUSE_MS.least;
  while (!signal.aborted) {
    const openedAtMs = performance.now();
    await serveUntilLost(kept).catch((error: unknown) => {
      if (!signal.aborted) kept.onTrouble(error);
    });
    kept.onClose();
    // A connection that lasted was a good one: begin again quickly.
    if (performance.now() - openedAtMs > PAUSE_MS.most) pauseMs = PAUSE_MS.least;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(PAUSE_MS.most, pauseMs * 2);
  }
}

/** Throws when the connection cannot be opened or is lost; returns when the signal comes. */
async function serveUntilLost({ openSocket, signal, onOpen }: KeptSocket): Promise<void> {
  const ended = Promise.withResolvers<void>();
  // It may be lost before anybody waits for it, which the requests in flight report already.
  ended.promise.catch(() => undefined);
  const stop = () => ended.resolve();
  const socket = await openSocket(() => ended.reject(new Error('the connection was lost')));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await onOpen(socket);
    if (!signal.aborted) await ended.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.close();
  }
}
