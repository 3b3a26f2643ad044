import type { Logger } from './log.ts';

/** A process's life as its wiring sees it: what was opened is closed in reverse, by name, each step bounded in time. */
export type Life = {
  /**
   * Opens one part and remembers how to close it. Fails naming the part when it throws or takes longer than its bound.
   * A part that opens after its bound has passed is closed again at once.
   */
  open<T>(
    name: string,
    open: (signal: AbortSignal) => T | Promise<T>,
    close?: (opened: T) => unknown,
    bounds?: { readonly openWithinMs?: number; readonly closeWithinMs?: number },
  ): Promise<T>;
  /** Asks for the end: an Error when something failed, a word when all is well. The first one counts. */
  end(cause: Error | string): void;
  /** Resolves with the cause when the end was asked for. */
  readonly ended: Promise<Error | string>;
  /** Aborts when the end was asked for: readiness turns false, nothing new is begun. */
  readonly signal: AbortSignal;
  /** Closes everything opened, last first. Never throws; a repeated call gives the same answer. */
  close(): Promise<{ readonly clean: boolean; readonly problems: readonly string[] }>;
  /** Where steps are reported; `reportTo` names another once the configuration is known. */
  readonly log: LifeLog;
  reportTo(log: LifeLog): void;
};

export type LifeLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

type LifeOptions = {
  readonly log: LifeLog;
  /** Bound of one opening (default 30,000). */
  readonly openWithinMs?: number;
  /** Bound of one closing (default 8,000), and of all together (default 10,000). */
  readonly closeWithinMs?: number;
  readonly closeAllWithinMs?: number;
};

type Part = { readonly name: string; readonly close: () => unknown; readonly withinMs: number };

export function createLife(options: LifeOptions): Life {
  const parts: Part[] = [];
  const stop = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<Error | string>();
  let log = options.log;
  let closing: ReturnType<Life['close']> | undefined;
  const end = (cause: Error | string) => {
    if (stop.signal.aborted) return;
    resolve(cause);
    stop.abort(new DOMException('the process is ending', 'AbortError'));
  };
  return {
    open: async (name, open, close, bounds) => {
      stop.signal.throwIfAborted();
      const part = { name, open, close: close ?? (() => {}) };
      const openWithinMs = bounds?.openWithinMs ?? options.openWithinMs ?? 30_000;
      const closeWithinMs = bounds?.closeWithinMs ?? options.closeWithinMs ?? 8_000;
      return openPart(part, { parts, signal: stop.signal, openWithinMs, closeWithinMs, log: () => log });
    },
    end,
    ended,
    signal: stop.signal,
    close: () => {
      end('closed');
      closing ??= closeParts(parts, options.closeAllWithinMs ?? 10_000, () => log);
      return closing;
    },
    get log() {
      return log;
    },
    reportTo: (next) => {
      log = next;
    },
  };
}

type Opening<T> = {
  readonly name: string;
  readonly open: (signal: AbortSignal) => T | Promise<T>;
  readonly close: (opened: T) => unknown;
};

type Surroundings = {
  readonly parts: Part[];
  readonly signal: AbortSignal;
  readonly openWithinMs: number;
  readonly closeWithinMs: number;
  readonly log: () => LifeLog;
};

async function openPart<T>(part: Opening<T>, around: Surroundings): Promise<T> {
  const { name } = part;
  const opening = Promise.resolve().then(() => part.open(around.signal));
  try {
    const opened = await within(opening, around.openWithinMs, around.signal);
    around.parts.push({ name, close: () => part.close(opened), withinMs: around.closeWithinMs });
    around.log().debug({ part: name }, 'opened');
    return opened;
  } catch (error) {
    if (error instanceof TooLate || error === around.signal.reason) {
      // It may still open later; nobody would close it then.
      opening.then(part.close).catch(() => {});
    }
    if (error === around.signal.reason) throw error;
    throw new Error(`could not open ${name}: ${messageOf(error)}`, { cause: error });
  }
}

async function closeParts(parts: Part[], allWithinMs: number, log: () => LifeLog) {
  const deadlineMs = performance.now() + allWithinMs;
  const problems: string[] = [];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { name, close, withinMs } = part;
    // Even when the time is up each part is asked to close; it is just not waited for.
    const leftMs = Math.max(0, deadlineMs - performance.now());
    try {
      await within(Promise.resolve().then(close), Math.min(withinMs, leftMs));
      log().debug({ part: name }, 'closed');
    } catch (error) {
      problems.push(`could not close ${name}: ${messageOf(error)}`);
      log().error({ part: name, reason: messageOf(error) }, 'could not close');
    }
  }
  return { clean: problems.length === 0, problems };
}

class TooLate extends Error {
  override readonly name = 'TooLate';
}

/** The promise's outcome, unless the time is up or the signal aborts first. */
function within<T>(promise: Promise<T>, withinMs: number, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    const timer = setTimeout(() => reject(new TooLate(`not done within ${Math.round(withinMs)} ms`)), withinMs);
    signal?.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
