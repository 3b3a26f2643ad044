import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Which NFT is live for each managed position. A position keeps its configured name while its NFT changes with every
 * rebalance; this is the one place that knows the present one. market-data adopts what the configuration names, the
 * executor moves it after a rebalance, the scheduler and market-data read it.
 *
 * Keys: `lp:position:<chain>:<pool>:<id>` is a hash, `lp:positions` the set of those keys, `lp:positions:version` a
 * counter that every change raises, so that a reader learns with one GET that nothing changed.
 */

/** Chain name, pool address in lower case, and the configured name of the position. */
export type PositionRef = { readonly chain: string; readonly pool: string; readonly id: string };

/** What was put in at entry, in the tokens' smallest units. */
export type EntryAmounts = { readonly amount0: bigint; readonly amount1: bigint };

export type RegisteredPosition = PositionRef & {
  /** The live NFT. */
  readonly tokenId: bigint;
  /** Every NFT the position has been, oldest first; the last one is `tokenId`. */
  readonly lineage: readonly bigint[];
  /** Null when it was not known at adoption. */
  readonly entry: EntryAmounts | null;
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
  first: { readonly tokenId: bigint; readonly entry: EntryAmounts | null },
): Promise<RegisteredPosition> {
  const entry = first.entry === null ? [] : [first.entry.amount0.toString(), first.entry.amount1.toString()];
  await adopt(redis, [keyOf(ref), INDEX, VERSION], [first.tokenId.toString(), ...entry]);
  const standing = await readPosition(redis, ref);
  if (standing === null) throw new Error(`position ${keyOf(ref)} vanished while it was adopted`);
  return standing;
}

/**
 * Names `to` the live NFT, if `from` is still the live one. True when `to` is live afterwards and came from `from`, so
 * that a repeat after a crash is a success; false when the registry says otherwise, which the caller must not ignore.
 */
export async function movePosition(
  redis: Redis,
  ref: PositionRef,
  move: { readonly from: bigint; readonly to: bigint },
): Promise<boolean> {
  return (await moveLive(redis, [keyOf(ref), VERSION], [move.from.toString(), move.to.toString()])) === 1;
}

/** Every registered position, in the order of their keys. */
export async function listPositions(redis: Redis): Promise<RegisteredPosition[]> {
  const keys = (await redis.smembers(INDEX)).sort();
  const refs = keys.map(refOf);
  const positions = await Promise.all(refs.map((ref) => readPosition(redis, ref)));
  return positions.filter((position) => position !== null);
}

/** Grows with every adoption and move; equal versions mean equal registries. */
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

// KEYS: position, version. ARGV: from, to.
const moveLive = defineScript(
  'MovePosition',
  2,
  `
local live = redis.call('HGET', KEYS[1], 'tokenId')
local lineage = redis.call('HGET', KEYS[1], 'lineage')
if not live then return 0 end
if live == ARGV[2] then
  local step = ',' .. ARGV[1] .. ',' .. ARGV[2]
  return string.sub(',' .. lineage, -#step) == step and 1 or 0
end
if live ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'tokenId', ARGV[2], 'lineage', lineage .. ',' .. ARGV[2])
redis.call('INCR', KEYS[2])
return 1`,
);

const PREFIX = 'lp:position:';

function keyOf(ref: PositionRef): string {
  return `${PREFIX}${ref.chain}:${ref.pool}:${ref.id}`;
}

function refOf(key: string): PositionRef {
  const [chain, pool, id] = key.slice(PREFIX.length).split(':');
  if (chain === undefined || pool === undefined || id === undefined) throw new Error(`no position's key: ${key}`);
  return { chain, pool, id };
}

function parsePosition(ref: PositionRef, fields: Record<string, string>): RegisteredPosition | null {
  const { tokenId, lineage, entry0, entry1 } = fields;
  if (tokenId === undefined || lineage === undefined) return null;
  const entry =
    entry0 === undefined || entry1 === undefined ? null : { amount0: BigInt(entry0), amount1: BigInt(entry1) };
  return { ...ref, tokenId: BigInt(tokenId), lineage: lineage.split(',').map(BigInt), entry };
}
