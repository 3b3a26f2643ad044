import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * What each position was worth whenever a live run looked at it, for as long as a drawdown is measured over.
 *
 * Key: `lp:values:<chain>:<pool>:<position>`, a sorted set of `<micro-dollars>:<run>` by time; gone with its last value.
 */
type ValueNote = {
  readonly chain: string;
  readonly pool: string;
  readonly position: string;
  readonly runId: string;
  readonly atMs: number;
  readonly valueUsdE6: number;
};

/**
 * Notes a value, and returns the highest since `sinceMs` and within `windowMs` before it, itself included. Noted again it
 * changes nothing.
 */
export async function noteValue(redis: Redis, note: ValueNote, windowMs: number, sinceMs: number): Promise<number> {
  const { chain, pool, position, runId, atMs, valueUsdE6 } = note;
  const from = Math.max(sinceMs, atMs - windowMs);
  const values = [atMs, `${valueUsdE6}:${runId}`, atMs - windowMs, windowMs, from];
  const kept = await noteScript(redis, [`lp:values:${chain}:${pool}:${position}`], values);
  if (!Array.isArray(kept)) throw new Error('Redis did not list the values');
  return kept.reduce((most: number, one) => Math.max(most, Number.parseInt(String(one), 10)), valueUsdE6);
}

// KEYS: the values. ARGV: time, value and run, the time before which they are forgotten, how long they are kept, since when.
const noteScript = defineScript(
  'ValueNote',
  1,
  `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[5], ARGV[1])`,
);
