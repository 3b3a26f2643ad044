import { randomUUID } from 'node:crypto';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * The right of one process at a time to do something, until it is released or its time is up. A lease alone is no mutual
 * exclusion: its holder may be frozen, wake up, and go on. Therefore each one carries a fencing token, a number that
 * grows with every holder, and whoever writes under a lease lets the write itself refuse an old token:
 *
 *     const write = defineScript('Write', 2, `${fenceGuard}
 *     redis.call('SET', KEYS[2], ARGV[2])
 *     return 'written'`);
 *     const answer = await write(redis, [fenceKey(lease.name), key], [lease.fence, value]);   // 'fenced' or 'written'
 *
 * The guard wants the fence key first among the keys and the token first among the values. On a Redis cluster the other
 * keys carry the same tag, `{<name>}`.
 *
 * Tokens begin at the time (microseconds since 1970), so that one given out before Redis lost everything is never as great as
 * one given out afterwards.
 *
 * Keys: `lp:lease:{<name>}` (token and holder, gone with the lease) and `lp:lease:{<name>}:fence` (the last token, kept).
 */
export type Lease = {
  readonly name: string;
  readonly holder: string;
  /** Greater than every token of this name before. */
  readonly fence: number;
  /** How long it is ours for certain, by our own clock; 0 or less for a process that was frozen too long. */
  remainingMs(): number;
  /** Extends it by its whole time. False when it is lost: stop before the next effect. */
  renew(): Promise<boolean>;
  /** Gives it back if it is still ours. */
  release(): Promise<void>;
};

/** Takes the lease for `ttlMs`, or null when another holds it. `holder` is for people; each call is a holder of its own. */
export async function acquireLease(redis: Redis, name: string, holder: string, ttlMs: number): Promise<Lease | null> {
  const keys = [leaseKey(name), fenceKey(name)];
  // The random part makes a command that ioredis sent twice the same holder, and two tasks of one process two.
  const mark = `${holder}#${randomUUID()}`;
  // Counted from before the question, so that our end is never later than Redis's.
  let endsAt = performance.now() + ttlMs;
  const fence = Number(await acquire(redis, keys, [mark, ttlMs]));
  if (fence === 0) return null;
  let given = false;
  return {
    name,
    holder,
    fence,
    remainingMs: () => (given ? 0 : endsAt - performance.now()),
    renew: async () => {
      const asked = performance.now();
      const renewed = !given && (await renew(redis, [leaseKey(name)], [`${fence}:${mark}`, ttlMs])) === 1;
      endsAt = renewed ? asked + ttlMs : Number.NEGATIVE_INFINITY;
      return renewed;
    },
    release: async () => {
      given = true;
      await release(redis, [leaseKey(name)], [`${fence}:${mark}`]);
    },
  };
}

type KeptLease = {
  readonly fence: number;
  /** Aborts when the lease is lost or its time is up by our own clock, before another can have it. */
  readonly signal: AbortSignal;
  /** Ends the renewing and gives the lease back. */
  stop(): Promise<void>;
};

/** Renews a lease of `ttlMs` at every third of its time until it is stopped or lost. A failed renewal is tried again. */
export function keepLease(lease: Lease, ttlMs: number): KeptLease {
  const lost = new AbortController();
  let stopped = false;
  const giveUp = () => lost.abort(new LeaseLost(lease.name));
  let end = setTimeout(giveUp, lease.remainingMs());
  const renewing = setInterval(async () => {
    // An error is not an answer: the lease is lost when its time is up, not before.
    const renewed = await lease.renew().catch(() => lease.remainingMs() > 0);
    if (!renewed && !stopped) return giveUp();
    if (lost.signal.aborted || stopped) return;
    clearTimeout(end);
    end = setTimeout(giveUp, lease.remainingMs());
  }, ttlMs / 3);
  lost.signal.addEventListener('abort', () => clearInterval(renewing), { once: true });
  return {
    fence: lease.fence,
    signal: lost.signal,
    stop: async () => {
      stopped = true;
      clearInterval(renewing);
      clearTimeout(end);
      await lease.release();
    },
  };
}

export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(lease: string) {
    super(`the lease ${lease} is lost: another may hold it now`);
  }
}

/** Lua that answers 'fenced' unless ARGV[1] is the last token given out under KEYS[1]; see above. */
export const fenceGuard = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end`;

/** Where the last token of a lease is kept. */
export function fenceKey(name: string): string {
  return `${leaseKey(name)}:fence`;
}

function leaseKey(name: string): string {
  return `lp:lease:{${name}}`;
}

// KEYS: lease, fence. ARGV: holder, time in ms. Returns the token, or 0 when another holds it.
const acquire = defineScript(
  'LeaseAcquire',
  2,
  `
local standing = redis.call('GET', KEYS[1])
if standing then
  local fence, holder = string.match(standing, '^(%d+):(.*)$')
  if holder ~= ARGV[1] then return 0 end
  return fence
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[2], time[1] .. string.format('%06d', tonumber(time[2])))
end
redis.call('INCR', KEYS[2])
-- As text: Lua's numbers lose digits when they are written.
local fence = redis.call('GET', KEYS[2])
redis.call('SET', KEYS[1], fence .. ':' .. ARGV[1], 'PX', ARGV[2])
return fence`,
);

// KEYS: lease. ARGV: token and holder, time in ms.
const renew = defineScript(
  'LeaseRenew',
  1,
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
);

// KEYS: lease. ARGV: token and holder.
const release = defineScript(
  'LeaseRelease',
  1,
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`,
);
