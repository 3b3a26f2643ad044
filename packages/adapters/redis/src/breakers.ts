import { z } from 'zod';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/** A circuit breaker as every process sees it. */
const breakerRecord = z.object({
  state: z.enum(['closed', 'open', 'half-open']),
  /** When it came into this state, milliseconds since 1970. */
  sinceMs: z.int(),
  reason: z.string(),
});
type BreakerRecord = z.output<typeof breakerRecord>;

/** The breaker on error events: alerts opens and closes it, decision and the executor look at it. */
export const ERRORS_BREAKER = 'errors';

/** The breaker on the node of a chain: alerts probes it, decision and the executor look at it. */
export function nodeBreaker(chain: string): string {
  // As long as a breaker's name may be; what tells chains apart stands at the beginning.
  return `rpc-${chain}`.slice(0, 32);
}

/** The breakers that keep live trading on a chain from beginning: the first that is not closed, or null. */
export async function breakerInTheWay(
  redis: Redis,
  chain: string,
): Promise<(BreakerRecord & { readonly name: string }) | null> {
  const names = [ERRORS_BREAKER, nodeBreaker(chain)];
  const found = await Promise.all(names.map((name) => readBreaker(redis, name)));
  const at = found.findIndex((breaker) => breaker !== null && breaker.state !== 'closed');
  const record = found[at];
  const name = names[at];
  return record && name ? { ...record, name } : null;
}

const keyOf = (name: string) => `lp:breaker:${name}`;

/** Null when it never changed: then it is closed. Throws when what is stored is not a breaker's state. */
export async function readBreaker(redis: Redis, name: string): Promise<BreakerRecord | null> {
  const text = await redis.get(keyOf(name));
  return text === null ? null : breakerRecord.parse(JSON.parse(text));
}

/**
 * Changes the state if it is still `before` (null: never changed), so that of several processes one makes the change and
 * tells of it. False when another was first.
 */
export async function writeBreaker(
  redis: Redis,
  name: string,
  before: BreakerRecord | null,
  after: BreakerRecord,
): Promise<boolean> {
  const expected = before === null ? '' : JSON.stringify(breakerRecord.parse(before));
  return (await replaceBreaker(redis, [keyOf(name)], [expected, JSON.stringify(breakerRecord.parse(after))])) === 1;
}

// KEYS: the breaker. ARGV: the text it must hold ('' for none), the text it gets.
const replaceBreaker = defineScript(
  'BreakerReplace',
  1,
  `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`,
);
