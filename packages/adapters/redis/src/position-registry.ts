import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Which NFT is live for each managed position, and what its plans left in the wallet beside it. A position keeps its
 * configured name while its NFT changes with every rebalance; this is the one place that knows the present one.
 * market-data adopts what the configuration names, the executor settles every plan here, the scheduler and market-data
 * read it.
 *
 * Keys: `lp:position:<chain>:<pool>:<id>` is a hash, `lp:positions` the set of those keys, `lp:positions:version` a
 * counter that every change raises, so that a reader learns with one GET that nothing changed. What a plan left is a
 * field of its own, `left:<planId>`: written a second time it is the same field, and only readers add up, in integers
 * of any size, which Lua's numbers are not.
 */

/** Chain name, pool address in lower case, and the configured name of the position. */
export type PositionRef = { readonly chain: string; readonly pool: string; readonly id: string };

/** Of both tokens, in their smallest units. */
type TokenAmounts = { readonly amount0: bigint; readonly amount1: bigint };

export type RegisteredPosition = PositionRef & {
  /** The live NFT. */
  readonly tokenId: bigint;
  /** Every NFT the position has been, oldest first; the last one is `tokenId`. */
  readonly lineage: readonly bigint[];
  /** What was put in at entry; null when it was not known at adoption. */
  readonly entry: TokenAmounts | null;
  /** What all its plans left in the wallet: leftovers of rebalances, collected fees, all that a stopped plan withdrew. */
  readonly idle: TokenAmounts;
  /** The plan that took everything out and put nothing in again: the position's tokens rest in the wallet since then. */
  readonly restingPlan: string | null;
};

/** What came of a plan. A plan after which the same NFT is live has `to` equal to `from`. */
type SettledPlan = {
  readonly planId: string;
  readonly from: bigint;
  readonly to: bigint;
  /** What it took out and did not put in again. */
  readonly left: TokenAmounts;
  /** That was all there was, and no NFT came of it though one should have. */
  readonly rests?: boolean;
};

const INDEX = 'lp:positions';
const VERSION = 'lp:positions:version';

/** The position, or null when nobody has adopted it. */
export async function readPosition(redis: Redis, ref: PositionRef): Promise<RegisteredPosition | null> {
  return parsePosition(ref, await redis.hgetall(keyOf(ref)));
}

/**
 * Writes a position down for the first time. The first one wins: the answer is what stands afterwards, which is another
 * NFT when the position was adopted before.
 */
export async function adoptPosition(
  redis: Redis,
  ref: PositionRef,
  first: { readonly tokenId: bigint; readonly entry: TokenAmounts | null },
): Promise<RegisteredPosition> {
  const entry = first.entry === null ? [] : [first.entry.amount0.toString(), first.entry.amount1.toString()];
  await adopt(redis, [keyOf(ref), INDEX, VERSION], [first.tokenId.toString(), ...entry]);
  const standing = await readPosition(redis, ref);
  if (standing === null) throw new Error(`position ${keyOf(ref)} vanished while it was adopted`);
  return standing;
}

/**
 * Names `to` the live NFT, if `from` is still the live one, and notes what the plan left in the wallet, both at once. The
 * first note of a plan counts: a repeat adds nothing. True when `to` is live afterwards and came from `from`, so that a
 * repeat after a crash is a success; false when the registry says otherwise, which the caller must not ignore: the
 * wallet has what was left all the same, so that is noted even then. A position that nobody adopted notes nothing.
 */
export async function settlePosition(redis: Redis, ref: PositionRef, plan: SettledPlan): Promise<boolean> {
  const left = `${plan.left.amount0},${plan.left.amount1}`;
  const rests = plan.rests === true ? plan.planId : '';
  const fields = [plan.from.toString(), plan.to.toString(), `${LEFT}${plan.planId}`, left, rests];
  return (await settle(redis, [keyOf(ref), VERSION], fields)) === 1;
}

/** Every registered position, in the order of their keys. */
export async function listPositions(redis: Redis): Promise<RegisteredPosition[]> {
  const keys = (await redis.smembers(INDEX)).sort();
  const refs = keys.map(refOf);
  const positions = await Promise.all(refs.map((ref) => readPosition(redis, ref)));
  return positions.filter((position) => position !== null);
}

/** Grows with every adoption, move and amount left; equal versions mean equal registries. */
export async function registryVersion(redis: Redis): Promise<number> {
  return Number((await redis.get(VERSION)) ?? 0);
}

// KEYS: position, index, version. ARGV: token id, then both entry amounts when they are known.
const adopt = defineScript(
  'AdoptPosition',
  3,
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'tokenId', ARGV[1], 'lineage', ARGV[1])
if ARGV[3] then redis.call('HSET', KEYS[1], 'entry0', ARGV[2], 'entry1', ARGV[3]) end
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('INCR', KEYS[3])
return 1`,
);

// KEYS: position, version. ARGV: from, to, the field of what was left, what was left, the plan where all rests or ''.
const settle = defineScript(
  'SettlePosition',
  2,
  `
local live = redis.call('HGET', KEYS[1], 'tokenId')
if not live then return 0 end
local changed = ARGV[4] ~= '0,0' and redis.call('HSETNX', KEYS[1], ARGV[3], ARGV[4]) == 1
local lineage = redis.call('HGET', KEYS[1], 'lineage')
local agreed = 0
if live == ARGV[1] and ARGV[5] ~= '' and redis.call('HSET', KEYS[1], 'restingPlan', ARGV[5]) == 1 then changed = true end
if live == ARGV[2] then
  local step = ',' .. ARGV[1] .. ',' .. ARGV[2]
  if ARGV[1] == ARGV[2] or string.sub(',' .. lineage, -#step) == step then agreed = 1 end
elseif live == ARGV[1] then
  redis.call('HSET', KEYS[1], 'tokenId', ARGV[2], 'lineage', lineage .. ',' .. ARGV[2])
  redis.call('HDEL', KEYS[1], 'restingPlan')
  changed = true
  agreed = 1
end
if changed then redis.call('INCR', KEYS[2]) end
return agreed`,
);

const PREFIX = 'lp:position:';
/** Begins the fields of what plans left. */
export const LEFT = 'left:';

/** Where a position is kept. */
export function keyOf(ref: PositionRef): string {
  return `${PREFIX}${ref.chain}:${ref.pool}:${ref.id}`;
}

function refOf(key: string): PositionRef {
  const [chain, pool, id] = key.slice(PREFIX.length).split(':');
  if (chain === undefined || pool === undefined || id === undefined) throw new Error(`no position's key: ${key}`);
  return { chain, pool, id };
}

function parsePosition(ref: PositionRef, fields: Record<string, string>): RegisteredPosition | null {
  const { tokenId, lineage, entry0, entry1, restingPlan = null } = fields;
  if (tokenId === undefined || lineage === undefined) return null;
  const entry =
    entry0 === undefined || entry1 === undefined ? null : { amount0: BigInt(entry0), amount1: BigInt(entry1) };
  const idle = sumOfLeft(fields);
  return { ...ref, tokenId: BigInt(tokenId), lineage: lineage.split(',').map(BigInt), entry, idle, restingPlan };
}

function sumOfLeft(fields: Record<string, string>): TokenAmounts {
  let [amount0, amount1] = [0n, 0n];
  for (const [name, text] of Object.entries(fields)) {
    if (!name.startsWith(LEFT)) continue;
    const [left0, left1] = text.split(',');
    if (left0 === undefined || left1 === undefined) throw new Error(`no two amounts in ${name}: ${text}`);
    amount0 += BigInt(left0);
    amount1 += BigInt(left1);
  }
  return { amount0, amount1 };
}
