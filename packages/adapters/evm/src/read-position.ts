import { type FeeGrowth, feeGrowthInside } from '@rangeward/uniswap-v3/fee-growth';
import { type StoredPosition, viewPosition } from '@rangeward/uniswap-v3/position';
import type { Address } from 'viem';
import { poolAbi, positionManagerAbi } from './abis.ts';
import type { BlockHeader } from './block-header.ts';
import { toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { lowerAddress } from './lower-address.ts';
import { atBlock, isRevert, type PoolReading } from './read-pool.ts';

/** A position NFT at one block: what the manager stores, and what it is worth at the pool's price. */
export type PositionReading = StoredPosition & {
  readonly kind: 'position';
  readonly tokenId: bigint;
  readonly owner: Address;
  /** Who may move this NFT beside its owner; the zero address is nobody. */
  readonly operator: Address;
  /** tickLower <= tick < tickUpper */
  readonly inRange: boolean;
  /** What burning all of it would pay, without fees, rounded down. */
  readonly amount0: bigint;
  readonly amount1: bigint;
  /** What collect would pay if nothing were burned, to the wei. */
  readonly fees0: bigint;
  readonly fees1: bigint;
};

/** The NFT was burned or never minted, or is one of another pool: an answer, not a failure. */
type PositionGone = {
  readonly kind: 'gone';
  readonly tokenId: bigint;
  readonly reason: 'burned' | 'other-pool';
};

/**
 * Reads position NFTs at exactly `block`, whose pool was read at the same block. Two JSON-RPC batches however many they
 * are. Answers in the order asked; throws ChainError when the node fails.
 */
export async function readPositions(
  chain: ChainReader,
  pool: PoolReading,
  tokenIds: readonly bigint[],
  block: Pick<BlockHeader, 'hash'>,
): Promise<(PositionReading | PositionGone)[]> {
  try {
    const stored = await Promise.all(tokenIds.map((tokenId) => readStored(chain, pool, tokenId, block)));
    const ticks = await readTicks(chain, pool, stored, block);
    return stored.map((position) => (position.kind === 'gone' ? position : valued(position, pool, ticks)));
  } catch (cause) {
    throw toChainError(chain.name, `reading positions ${tokenIds.slice(0, 5).join(', ')}`, cause);
  }
}

/** As `readPositions`, for one. */
export async function readPosition(
  chain: ChainReader,
  pool: PoolReading,
  tokenId: bigint,
  block: Pick<BlockHeader, 'hash'>,
): Promise<PositionReading | PositionGone> {
  const [position] = await readPositions(chain, pool, [tokenId], block);
  if (position === undefined) throw new Error('one position was asked for and none answered');
  return position;
}

/** The range of an NFT, which never changes while it exists, as of the head; null when it was burned or never minted. */
export async function readRange(
  chain: ChainReader,
  tokenId: bigint,
): Promise<{ readonly tickLower: number; readonly tickUpper: number } | null> {
  const address = chain.known.positionManager;
  const read = { address, abi: positionManagerAbi, functionName: 'positions' } as const;
  try {
    const fields = await nullOnRevert(chain.client.readContract({ ...read, args: [tokenId] }));
    return fields === null ? null : { tickLower: fields[5], tickUpper: fields[6] };
  } catch (cause) {
    throw toChainError(chain.name, `reading the range of position ${tokenId}`, cause);
  }
}

/** Token ids of `owner`'s NFTs in this pool, in the order the manager enumerates them, at exactly `block`. */
export async function positionsOfOwner(
  chain: ChainReader,
  owner: Address,
  pool: PoolReading,
  block: Pick<BlockHeader, 'hash'>,
): Promise<bigint[]> {
  const read = { address: chain.known.positionManager, abi: positionManagerAbi, ...atBlock(block) } as const;
  try {
    const count = await chain.client.readContract({ ...read, functionName: 'balanceOf', args: [owner] });
    const tokenIds = await Promise.all(
      Array.from({ length: Number(count) }, (_, index) =>
        chain.client.readContract({ ...read, functionName: 'tokenOfOwnerByIndex', args: [owner, BigInt(index)] }),
      ),
    );
    const fields = await Promise.all(tokenIds.map((tokenId) => readFields(chain, tokenId, block)));
    return tokenIds.filter((_, index) => isOfPool(fields[index] ?? null, pool));
  } catch (cause) {
    throw toChainError(chain.name, `listing the positions of ${owner}`, cause);
  }
}

type Fields = Awaited<ReturnType<typeof readFieldsOrThrow>>;
type Stored = StoredPosition & Pick<PositionReading, 'kind' | 'tokenId' | 'owner' | 'operator'>;

function readFieldsOrThrow(chain: ChainReader, tokenId: bigint, block: Pick<BlockHeader, 'hash'>) {
  const address = chain.known.positionManager;
  const abi = positionManagerAbi;
  return chain.client.readContract({ address, abi, functionName: 'positions', args: [tokenId], ...atBlock(block) });
}

/** What the manager stores; null when the id is not one (any more), for which it reverts. */
async function readFields(
  chain: ChainReader,
  tokenId: bigint,
  block: Pick<BlockHeader, 'hash'>,
): Promise<Fields | null> {
  return nullOnRevert(readFieldsOrThrow(chain, tokenId, block));
}

async function nullOnRevert<Answer>(reading: Promise<Answer>): Promise<Answer | null> {
  try {
    return await reading;
  } catch (cause) {
    if (isRevert(cause)) return null;
    throw cause;
  }
}

async function readStored(
  chain: ChainReader,
  pool: PoolReading,
  tokenId: bigint,
  block: Pick<BlockHeader, 'hash'>,
): Promise<Stored | PositionGone> {
  const address = chain.known.positionManager;
  const ownerOf = { address, abi: positionManagerAbi, functionName: 'ownerOf', ...atBlock(block) } as const;
  const [fields, owner] = await Promise.all([
    readFields(chain, tokenId, block),
    nullOnRevert(chain.client.readContract({ ...ownerOf, args: [tokenId] })),
  ]);
  if (fields === null || owner === null) return { kind: 'gone', tokenId, reason: 'burned' };
  if (!isOfPool(fields, pool)) return { kind: 'gone', tokenId, reason: 'other-pool' };
  const [, operator, , , , tickLower, tickUpper, liquidity, growth0, growth1, tokensOwed0, tokensOwed1] = fields;
  return {
    kind: 'position',
    tokenId,
    owner: lowerAddress(owner),
    operator: lowerAddress(operator),
    tickLower,
    tickUpper,
    liquidity,
    feeGrowthInside0LastX128: growth0,
    feeGrowthInside1LastX128: growth1,
    tokensOwed0,
    tokensOwed1,
  };
}

function isOfPool(fields: Fields | null, pool: PoolReading): boolean {
  if (fields === null) return false;
  const [, , token0, token1, fee] = fields;
  return lowerAddress(token0) === pool.token0 && lowerAddress(token1) === pool.token1 && fee === pool.feePips;
}

async function readTicks(
  chain: ChainReader,
  pool: PoolReading,
  stored: readonly (Stored | PositionGone)[],
  block: Pick<BlockHeader, 'hash'>,
): Promise<ReadonlyMap<number, FeeGrowth>> {
  const bounds = stored.flatMap((position) =>
    position.kind === 'gone' ? [] : [position.tickLower, position.tickUpper],
  );
  const read = { address: pool.address, abi: poolAbi, functionName: 'ticks', ...atBlock(block) } as const;
  const entries = await Promise.all(
    [...new Set(bounds)].map(async (tick) => {
      const [, , feeGrowth0X128, feeGrowth1X128] = await chain.client.readContract({ ...read, args: [tick] });
      return [tick, { feeGrowth0X128, feeGrowth1X128 }] as const;
    }),
  );
  return new Map(entries);
}

const NO_GROWTH: FeeGrowth = { feeGrowth0X128: 0n, feeGrowth1X128: 0n };

function valued(stored: Stored, pool: PoolReading, ticks: ReadonlyMap<number, FeeGrowth>): PositionReading {
  // Without liquidity the manager adds nothing on collect, and the pool may have cleared the ticks' counters.
  const insideNow =
    stored.liquidity === 0n
      ? { feeGrowth0X128: stored.feeGrowthInside0LastX128, feeGrowth1X128: stored.feeGrowthInside1LastX128 }
      : feeGrowthInside({
          tick: pool.tick,
          tickLower: stored.tickLower,
          tickUpper: stored.tickUpper,
          global: { feeGrowth0X128: pool.feeGrowthGlobal0X128, feeGrowth1X128: pool.feeGrowthGlobal1X128 },
          outsideLower: ticks.get(stored.tickLower) ?? NO_GROWTH,
          outsideUpper: ticks.get(stored.tickUpper) ?? NO_GROWTH,
        });
  const { inRange, principal, fees } = viewPosition(stored, {
    tick: pool.tick,
    sqrtPriceX96: pool.sqrtPriceX96,
    insideNow,
  });
  return {
    ...stored,
    inRange,
    amount0: principal.amount0,
    amount1: principal.amount1,
    fees0: fees.amount0,
    fees1: fees.amount1,
  };
}
