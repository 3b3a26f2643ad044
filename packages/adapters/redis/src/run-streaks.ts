import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/** Runs of a position that are remembered to count failures in a row, and how long after the last one. */
const REMEMBERED = 50;
const KEPT_S = 90 * 86_400;

/**
 * Notes how a run of a position ended and returns how many of its newest runs failed in a row. Runs are ordered by their
 * start and noted under their id, so the count does not depend on the order or the number of messages.
 */
export async function noteRunEnd(
  redis: Redis,
  position: string,
  run: { readonly id: string; readonly startedAtMs: number; readonly failed: boolean },
): Promise<number> {
  const member = `${run.id}:${run.failed ? 'failed' : 'ended'}`;
  return Number(await noteScript(redis, [`lp:run-streak:${position}`], [run.startedAtMs, member, REMEMBERED, KEPT_S]));
}

// KEYS: the position's runs. ARGV: start in ms, run and how it ended, how many are kept and for how many seconds.
const noteScript = defineScript(
  'RunStreak',
  1,
  `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local streak = 0
for _, member in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, -7) ~= ':failed' then break end
  streak = streak + 1
end
return streak`,
);
