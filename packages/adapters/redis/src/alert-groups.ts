import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * What a person has been told, by cause. The first occurrence is told at once; then at most one message a period, with
 * the number of occurrences since the last one, unless it got worse in between, which is told at once too.
 */
export type GroupAnswer = {
  readonly notify: boolean;
  /** Occurrences that have not been told before, this one included. */
  readonly count: number;
};

/** `rank` orders severities: a higher one than was told in this period is told at once. */
export async function hitGroup(
  redis: Redis,
  group: string,
  hit: { readonly nowMs: number; readonly repeatMs: number; readonly rank: number },
): Promise<GroupAnswer> {
  const answer = await hitScript(redis, [`lp:alert-group:${group}`], [hit.nowMs, hit.repeatMs, hit.rank]);
  const [notify, count] = Array.isArray(answer) ? answer.map(Number) : [];
  if (notify === undefined || count === undefined) throw new Error('the alert script gave no pair');
  return { notify: notify === 1, count };
}

// KEYS: the group. ARGV: now, period (both ms), rank. A group that was quiet for two periods is forgotten.
const hitScript = defineScript(
  'AlertHit',
  1,
  `
local told = redis.call('HMGET', KEYS[1], 'toldAt', 'rank')
local count = redis.call('HINCRBY', KEYS[1], 'count', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
local due = (not told[1]) or tonumber(ARGV[1]) - tonumber(told[1]) >= tonumber(ARGV[2])
if not due and tonumber(ARGV[3]) <= tonumber(told[2]) then return { 0, count } end
redis.call('HSET', KEYS[1], 'toldAt', ARGV[1], 'rank', ARGV[3], 'count', 0)
return { 1, count }`,
);
