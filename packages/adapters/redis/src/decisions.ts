import type { Redis } from './connect.ts';

/** Longer than any message is delivered again. */
const KEPT_S = 8 * 86_400;

const keyOf = (runId: string) => `lp:decision:${runId}`;

/** What was decided in a run, as it was saved; null when nothing was. */
export async function loadDecision(redis: Redis, runId: string): Promise<string | null> {
  return redis.get(keyOf(runId));
}

/**
 * Saves the decision of a run unless there is one, and returns the one that stands: whoever decides second publishes what
 * the first one decided. `record` is text the caller can read again.
 */
export async function saveDecision(redis: Redis, runId: string, record: string): Promise<string> {
  const standing = await redis.set(keyOf(runId), record, 'EX', KEPT_S, 'NX', 'GET');
  return standing ?? record;
}
