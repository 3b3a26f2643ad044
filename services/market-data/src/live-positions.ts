import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readPool } from '@rangeward/adapter-evm/read-pool';
import { readPosition as readPositionNft, readRange } from '@rangeward/adapter-evm/read-position';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { adoptPosition, readPosition, registryVersion } from '@rangeward/adapter-redis/position-registry';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import type { WatchedPool } from './watched-pool.ts';

/** A managed position whose live NFT is known, with its range. */
export type LivePosition = TickRange & { readonly id: string; readonly tokenId: bigint };

/**
 * The live NFTs of a chain's configured positions. The registry is asked for its version at each use, which is one GET,
 * and read again only when somebody moved a position; an NFT's range never changes, so it is read once.
 */
export type LivePositions = {
  of(pool: WatchedPool): Promise<readonly LivePosition[]>;
  /** What `of` answered last, without asking anybody. */
  known(pool: WatchedPool): readonly LivePosition[];
  /** After a reorganisation: the NFT of an id may be another one now. */
  forget(): void;
};

export function createLivePositions(redis: Redis, chain: ChainReader, pools: readonly WatchedPool[]): LivePositions {
  let version = -1;
  let isWhole = false;
  const byPool = new Map<string, readonly LivePosition[]>();
  const ranges = new Map<bigint, TickRange>();

  async function rangeOf(tokenId: bigint): Promise<TickRange | null> {
    const known = ranges.get(tokenId);
    if (known !== undefined) return known;
    const range = await readRange(chain, tokenId);
    if (range !== null) ranges.set(tokenId, range);
    return range;
  }

  async function reread(): Promise<void> {
    let missing = 0;
    for (const pool of pools) {
      const live = await Promise.all(
        pool.settings.positions.map(async ({ id }) => {
          const registered = await readPosition(redis, { chain: chain.name, pool: pool.address, id });
          const range = registered === null ? null : await rangeOf(registered.tokenId);
          if (registered !== null && range !== null) return [{ id, tokenId: registered.tokenId, ...range }];
          missing += 1;
          return [];
        }),
      );
      byPool.set(pool.address, live.flat());
    }
    // An NFT the node does not show yet is looked for again at the next use.
    isWhole = missing === 0;
  }

  return {
    async of(pool) {
      if (pool.settings.positions.length === 0) return [];
      const present = await registryVersion(redis);
      if (present !== version || !isWhole) {
        await reread();
        version = present;
      }
      return byPool.get(pool.address) ?? [];
    },
    known: (pool) => byPool.get(pool.address) ?? [],
    forget() {
      ranges.clear();
      isWhole = false;
    },
  };
}

/**
 * Puts the configured positions into the registry unless they are there. The entry is what a burn would pay at this
 * block: holding is compared from the moment we began to manage. Answers the positions whose configured NFT is neither
 * the live one nor one it came from, which a person should hear of.
 */
export async function adoptConfigured(
  redis: Redis,
  chain: ChainReader,
  pool: WatchedPool,
  block: BlockHeader,
): Promise<{ readonly id: string; readonly configured: bigint; readonly live: bigint }[]> {
  const strangers: { id: string; configured: bigint; live: bigint }[] = [];
  for (const { id, tokenId } of pool.settings.positions) {
    const ref = { chain: chain.name, pool: pool.address, id };
    const known = (await readPosition(redis, ref)) ?? (await adopt(redis, chain, pool, block, { ref, tokenId }));
    if (!known.lineage.includes(tokenId)) strangers.push({ id, configured: tokenId, live: known.tokenId });
  }
  return strangers;
}

async function adopt(
  redis: Redis,
  chain: ChainReader,
  pool: WatchedPool,
  block: BlockHeader,
  { ref, tokenId }: { ref: Parameters<typeof adoptPosition>[1]; tokenId: bigint },
) {
  const reading = await readPool(chain, pool.address, block, 60);
  const position = await readPositionNft(chain, reading, tokenId, block);
  const entry = position.kind === 'gone' ? null : { amount0: position.amount0, amount1: position.amount1 };
  return adoptPosition(redis, ref, { tokenId, entry });
}
