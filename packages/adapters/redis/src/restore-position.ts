import type { Redis } from './connect.ts';
import { keyOf, LEFT, type PositionRef, readPosition } from './position-registry.ts';
import { defineScript } from './script.ts';

type TokenAmounts = { readonly amount0: bigint; readonly amount1: bigint };

/** What is known of a position beside the registry: from the plans that moved it and what became of them. */
export type KnownHistory = {
  /** Every NFT it has been, as far as known, oldest first; at least one. */
  readonly lineage: readonly bigint[];
  /** Null when no plan said it. */
  readonly entry: TokenAmounts | null;
  /** What each plan left in the wallet. */
  readonly left: ReadonlyMap<string, TokenAmounts>;
  /** The plan after which everything rests in the wallet; null when the last NFT holds it. */
  readonly restingPlan: string | null;
};

/** `disagrees`: the registry has a line of NFTs that does not fit; it was left as it is. */
export type RestoreAnswer = 'as-it-was' | 'restored' | 'disagrees';

/**
 * Puts into the registry what it lost, and changes nothing that it knows: a lineage is only ever made longer, an amount
 * left is noted once a plan. May be repeated. Throws when the position changed meanwhile, which another try settles.
 */
export async function restorePosition(redis: Redis, ref: PositionRef, known: KnownHistory): Promise<RestoreAnswer> {
  const standing = await readPosition(redis, ref);
  const lineage = mergeLineages(standing?.lineage ?? [], known.lineage);
  if (lineage === null) return 'disagrees';
  const live = String(lineage.at(-1));
  // Only where the history ends with the live NFT does it say whether that NFT is empty.
  const rests = known.restingPlan !== null && String(known.lineage.at(-1)) === live ? known.restingPlan : '';
  const entry = known.entry === null ? ['', ''] : [String(known.entry.amount0), String(known.entry.amount1)];
  const left = [...known.left]
    .filter(([, { amount0, amount1 }]) => amount0 !== 0n || amount1 !== 0n)
    .flatMap(([planId, { amount0, amount1 }]) => [`${LEFT}${planId}`, `${amount0},${amount1}`]);
  const values = [standing?.lineage.join(',') ?? '', lineage.join(','), live, rests, ...entry, ...left];
  const answer = await restore(redis, [keyOf(ref), 'lp:positions', 'lp:positions:version'], values);
  if (answer === 'changed') throw new Error(`position ${ref.id} changed while it was restored`);
  return answer === 'restored' ? 'restored' : 'as-it-was';
}

/**
 * One line out of two that tell parts of it: where the end of the one is the beginning of the other, or one holds the
 * other. Null when they do not fit together.
 */
export function mergeLineages(standing: readonly bigint[], known: readonly bigint[]): readonly bigint[] | null {
  if (standing.length === 0) return known;
  const joined = (first: readonly bigint[], second: readonly bigint[]): readonly bigint[] | null => {
    const at = first.indexOf(second[0] ?? -1n);
    if (at === -1) return null;
    const shared = Math.min(first.length - at, second.length);
    for (let step = 0; step < shared; step++) if (first[at + step] !== second[step]) return null;
    return second.length > first.length - at ? [...first.slice(0, at), ...second] : first;
  };
  return joined(standing, known) ?? joined(known, standing);
}

// KEYS: position, index, version. ARGV: the lineage it was read with or '', the lineage, the live NFT, the plan where all
// rests or '', both entry amounts or '', then field and value of each plan's left amounts.
const restore = defineScript(
  'RestorePosition',
  3,
  `
local standing = redis.call('HMGET', KEYS[1], 'lineage', 'entry0', 'entry1')
if (standing[1] or '') ~= ARGV[1] then return 'changed' end
local changed = standing[1] ~= ARGV[2]
if changed then
  redis.call('HSET', KEYS[1], 'tokenId', ARGV[3], 'lineage', ARGV[2])
  redis.call('HDEL', KEYS[1], 'restingPlan')
end
if ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'restingPlan') ~= ARGV[4] then
  redis.call('HSET', KEYS[1], 'restingPlan', ARGV[4])
  changed = true
end
if ARGV[5] ~= '' and (standing[2] ~= ARGV[5] or standing[3] ~= ARGV[6]) then
  redis.call('HSET', KEYS[1], 'entry0', ARGV[5], 'entry1', ARGV[6])
  changed = true
end
for field = 7, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[1], ARGV[field], ARGV[field + 1]) == 1 then changed = true end
end
if not changed then return 'as-it-was' end
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('INCR', KEYS[3])
return 'restored'`,
);
