import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Errors of all processes in a rolling window, counted by the second they were heard in, so that a storm of any size
 * takes as many fields as the window has seconds.
 */
type ErrorWindow = {
  readonly errors: number;
  /** Milliseconds since 1970; null when none is remembered. */
  readonly lastErrorMs: number | null;
};

const KEY = 'lp:error-window';

/** Counts `added` errors (0 only looks) and tells what the window holds. */
export async function countErrors(
  redis: Redis,
  of: { readonly nowMs: number; readonly windowMs: number; readonly added: number },
): Promise<ErrorWindow> {
  const answer = await countScript(redis, [KEY], [of.nowMs, of.windowMs, of.added]);
  const [errors, lastErrorMs] = Array.isArray(answer) ? answer.map(Number) : [];
  if (errors === undefined || lastErrorMs === undefined) throw new Error('the error window gave no pair');
  return { errors, lastErrorMs: lastErrorMs < 0 ? null : lastErrorMs };
}

// KEYS: the window. ARGV: now, length (both ms), how many to add. The last error outlives the window by a day.
const countScript = defineScript(
  'ErrorWindow',
  1,
  `
local now, length, added = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if added > 0 then
  redis.call('HINCRBY', KEYS[1], string.format('%d', math.floor(now / 1000)), added)
  redis.call('HSET', KEYS[1], 'last', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], length + 86400000)
end
local fields = redis.call('HGETALL', KEYS[1])
local errors, last = 0, -1
for index = 1, #fields, 2 do
  if fields[index] == 'last' then last = tonumber(fields[index + 1])
  elseif (tonumber(fields[index]) + 1) * 1000 <= now - length then redis.call('HDEL', KEYS[1], fields[index])
  else errors = errors + tonumber(fields[index + 1]) end
end
return { errors, last }`,
);
