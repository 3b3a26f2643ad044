import { setTimeout as pause } from 'node:timers/promises';
import type { Inbox } from './bus.ts';
import type { Log } from './log.ts';
import { describeError } from './settle.ts';

export type ClaimAnswer = 'claimed' | 'done' | 'handed-back';
/** `not-now`: somebody else is at it, or Redis does not answer. */
export type FirstAnswer = 'claimed' | 'done' | 'not-now';

/** The inbox as one consumer of one process uses it. */
export type Claims = {
  /** Asks once and never throws; after `not-now` it is for `take` to wait. */
  ask(eventId: string): Promise<FirstAnswer>;
  /** Waits while somebody else is at this work or Redis does not answer; `handed-back` when the process drains. */
  take(eventId: string): Promise<ClaimAnswer>;
  /** Remembers that it was done, as patiently; false when the process drains first. */
  done(eventId: string, unhurried: boolean): Promise<boolean>;
  /** Gives the claim back after a failure, so that the next try need not wait. */
  release(eventId: string): Promise<void>;
  /** Why nothing can be claimed now; undefined when all is well. */
  trouble(): string | undefined;
};

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * A message whose claim must wait is held, with heartbeats, instead of being handed back to the broker: an outage of
 * Redis then costs no delivery, and the count of deliveries stays a count of tries.
 */
export function createClaims(options: {
  readonly inbox: Inbox;
  readonly consumer: string;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}): Claims {
  const { inbox, consumer, leaseMs, signal, log } = options;
  // Work that this process is at. All its claims carry the same mark, so the inbox could not tell two deliveries apart.
  const running = new Set<string>();
  // Claims without an answer, which may have been made all the same, by us.
  const uncertain = new Set<string>();
  let trouble: string | undefined;

  const failed = (error: unknown) => {
    const { message } = describeError(error);
    if (trouble === undefined)
      log.error({ consumer, reason: message }, 'the inbox does not answer: nothing is handled');
    trouble = message;
  };
  const answered = () => {
    if (trouble !== undefined) log.info({ consumer }, 'the inbox answers again');
    trouble = undefined;
  };

  const ask: Claims['ask'] = async (eventId) => {
    if (running.has(eventId)) return 'not-now';
    running.add(eventId);
    try {
      if (uncertain.has(eventId)) await inbox.release(consumer, eventId);
      uncertain.delete(eventId);
      const answer = await inbox.claim(consumer, eventId, leaseMs);
      answered();
      if (answer === 'claimed') return answer;
      running.delete(eventId);
      return answer === 'done' ? answer : 'not-now';
    } catch (error) {
      running.delete(eventId);
      uncertain.add(eventId);
      failed(error);
      return 'not-now';
    }
  };

  return {
    ask,
    async take(eventId) {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        const answer = await ask(eventId);
        if (answer !== 'not-now') return answer;
        if (!(await paused(pauseMs, signal))) {
          uncertain.delete(eventId);
          return 'handed-back';
        }
      }
    },
    async done(eventId, unhurried) {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        try {
          await inbox.done(consumer, eventId, unhurried);
          running.delete(eventId);
          answered();
          return true;
        } catch (error) {
          failed(error);
        }
        if (!(await paused(pauseMs, signal))) return false;
      }
    },
    async release(eventId) {
      // The claim ends by itself, so a failure only costs the next try some waiting.
      await inbox.release(consumer, eventId).catch(failed);
      running.delete(eventId);
    },
    trouble: () => trouble,
  };
}

/** True after the time, false at once when the signal comes. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
