import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Circuit breakers as every process sees them: one hash each, `lp:breaker:<name>`. Each change builds on a version, so
 * that of several processes which see the same storm one makes the change and tells of it.
 */
export type BreakerState = {
  readonly state: 'closed' | 'open' | 'half-open';
  /** When it came into this state, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly reason: string;
  /** Errors in the window that decided. */
  readonly errors: number;
};

export type StoredBreaker = BreakerState & {
  /** 0 until the first change. */
  readonly version: number;
};

const keyOf = (name: string) => `lp:breaker:${name}`;

/** Closed until somebody writes it; a state nobody knows reads as open, so that no trade goes through by mistake. */
export async function readBreaker(redis: Redis, name: string): Promise<StoredBreaker> {
  const fields = await redis.hgetall(keyOf(name));
  if (fields.version === undefined) return { state: 'closed', sinceMs: 0, reason: '', errors: 0, version: 0 };
  return {
    state: fields.state === 'closed' || fields.state === 'half-open' ? fields.state : 'open',
    sinceMs: Number(fields.sinceMs ?? 0),
    reason: fields.reason ?? '',
    errors: Number(fields.errors ?? 0),
    version: Number(fields.version),
  };
}

/** Writes the state if `version` is still the one that stands; returns what stands then, or null when another was first. */
export async function writeBreaker(
  redis: Redis,
  name: string,
  next: BreakerState,
  version: number,
): Promise<StoredBreaker | null> {
  const { state, sinceMs, reason, errors } = next;
  const written = Number(await replaceBreaker(redis, [keyOf(name)], [version, state, sinceMs, reason, errors]));
  return written === 0 ? null : { state, sinceMs, reason, errors, version: written };
}

// KEYS: the breaker. ARGV: version it builds on, then the fields. Returns the new version, 0 when refused.
const replaceBreaker = defineScript(
  'BreakerReplace',
  1,
  `
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'state', ARGV[2], 'sinceMs', ARGV[3], 'reason', ARGV[4], 'errors', ARGV[5])
return version + 1`,
);
