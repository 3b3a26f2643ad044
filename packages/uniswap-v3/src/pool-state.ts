import { addMod256, MAX_UINT128 } from './full-math.ts';
import { cloneTickBitmap, createTickBitmap, flipTick, type TickBitmap } from './tick-bitmap.ts';
import { usableTicks } from './tick-grid.ts';
import { getTickAtSqrtRatio } from './tick-math.ts';

// A pool is plain data that the functions in pool-swap.ts and pool-liquidity.ts move exactly as UniswapV3Pool moves its storage.
// The oracle (observations, seconds per liquidity) is left out: no amount depends on it.

/** What the pool keeps at an initialized tick; growth counters in Q128.128 modulo 2^256. */
export type PoolTick = {
  liquidityGross: bigint;
  /** Added when the tick is crossed upward, taken off when downward. */
  liquidityNet: bigint;
  feeGrowthOutside0X128: bigint;
  feeGrowthOutside1X128: bigint;
};

/** What the pool keeps for an owner's range. */
export type PoolPosition = {
  liquidity: bigint;
  feeGrowthInside0LastX128: bigint;
  feeGrowthInside1LastX128: bigint;
  tokensOwed0: bigint;
  tokensOwed1: bigint;
};

/** A pool's storage in memory. Amounts in wei, growth in Q128.128 modulo 2^256, the fee in pips (1e-6). */
export type Pool = {
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly maxLiquidityPerTick: bigint;
  sqrtPriceX96: bigint;
  tick: number;
  liquidity: bigint;
  /** slot0's byte: the low half for token0 in, the high half for token1 in; 0 is off, n takes 1/n of the fee. */
  feeProtocol: number;
  feeGrowthGlobal0X128: bigint;
  feeGrowthGlobal1X128: bigint;
  protocolFees0: bigint;
  protocolFees1: bigint;
  readonly ticks: Map<number, PoolTick>;
  readonly bitmap: TickBitmap;
  /** By `positionKey`. */
  readonly positions: Map<string, PoolPosition>;
  /**
   * False when the pool was taken over in mid-life without its positions: then only those minted since are here, and a
   * replay lets older ones burn and collect without knowing them.
   */
  readonly knowsPositions: boolean;
};

/** What the real pool would revert with; `reason` is its short code ("SPL", "LO", ...) where it has one. The pool is unchanged. */
export class PoolRevert extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(`${reason}: ${message}`);
    this.name = 'PoolRevert';
    this.reason = reason;
  }
}

/** The rest of a pool's storage, for one that is taken over in mid-life; each part defaults to a fresh pool's. */
export type PoolStart = {
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly sqrtPriceX96: bigint;
  /** slot0's tick. It differs from the price's own tick, by one, only right after a downward crossing ended on the edge. */
  readonly tick?: number;
  readonly liquidity?: bigint;
  readonly feeProtocol?: number;
  readonly feeGrowthGlobal0X128?: bigint;
  readonly feeGrowthGlobal1X128?: bigint;
  readonly protocolFees0?: bigint;
  readonly protocolFees1?: bigint;
  readonly ticks?: Iterable<readonly [number, PoolTick]>;
  readonly positions?: Iterable<readonly [string, PoolPosition]>;
  /** False when there are older positions than those given; true unless told. */
  readonly knowsPositions?: boolean;
};

/**
 * A pool just initialized at a price, or taken over with the state given; a price of 0 is a pool not yet initialized.
 * Throws a RangeError for a price or tick no pool can have.
 */
export function createPool(start: PoolStart): Pool {
  const bitmap = createTickBitmap(start.tickSpacing);
  const ticks = new Map<number, PoolTick>();
  for (const [tick, info] of start.ticks ?? []) {
    if (info.liquidityGross === 0n) continue;
    flipTick(bitmap, tick);
    ticks.set(tick, { ...info });
  }
  const positions = new Map<string, PoolPosition>();
  for (const [key, position] of start.positions ?? []) positions.set(key, { ...position });
  return {
    feePips: start.feePips,
    tickSpacing: start.tickSpacing,
    maxLiquidityPerTick: maxLiquidityPerTick(start.tickSpacing),
    sqrtPriceX96: start.sqrtPriceX96,
    tick: start.tick ?? (start.sqrtPriceX96 === 0n ? 0 : getTickAtSqrtRatio(start.sqrtPriceX96)),
    liquidity: start.liquidity ?? 0n,
    feeProtocol: start.feeProtocol ?? 0,
    feeGrowthGlobal0X128: start.feeGrowthGlobal0X128 ?? 0n,
    feeGrowthGlobal1X128: start.feeGrowthGlobal1X128 ?? 0n,
    protocolFees0: start.protocolFees0 ?? 0n,
    protocolFees1: start.protocolFees1 ?? 0n,
    ticks,
    bitmap,
    positions,
    knowsPositions: start.knowsPositions ?? true,
  };
}

/** `initialize`: sets the first price. Throws a PoolRevert when the pool has one. */
export function initialize(pool: Pool, sqrtPriceX96: bigint): void {
  if (pool.sqrtPriceX96 !== 0n) throw new PoolRevert('AI', `the pool has a price already: ${pool.sqrtPriceX96}`);
  pool.tick = getTickAtSqrtRatio(sqrtPriceX96);
  pool.sqrtPriceX96 = sqrtPriceX96;
}

/** A pool of its own in the same state: what happens to one does not touch the other. */
export function clonePool(pool: Pool): Pool {
  return {
    ...pool,
    ticks: new Map([...pool.ticks].map(([tick, info]) => [tick, { ...info }])),
    bitmap: cloneTickBitmap(pool.bitmap),
    positions: new Map([...pool.positions].map(([key, position]) => [key, { ...position }])),
  };
}

/** The key of an owner's range in `Pool.positions`. Any string names an owner; addresses are not case-folded. */
export function positionKey(of: {
  readonly owner: string;
  readonly tickLower: number;
  readonly tickUpper: number;
}): string {
  return `${of.owner}:${of.tickLower}:${of.tickUpper}`;
}

/** The share of the fee the protocol takes from a swap with this input: 0 is none, n is 1/n. */
export function protocolFeeOfInput(feeProtocol: number, zeroForOne: boolean): number {
  return zeroForOne ? feeProtocol & 0xf : feeProtocol >> 4;
}

/** `setFeeProtocol`: each side 0 (off) or 4 to 10. Throws a PoolRevert otherwise. */
export function setFeeProtocol(pool: Pool, feeProtocol0: number, feeProtocol1: number): void {
  for (const side of [feeProtocol0, feeProtocol1]) {
    if (side !== 0 && !(Number.isInteger(side) && side >= 4 && side <= 10)) {
      throw new PoolRevert('setFeeProtocol', `a protocol fee is 0 or from 4 to 10, got ${side}`);
    }
  }
  pool.feeProtocol = feeProtocol0 + (feeProtocol1 << 4);
}

/** Adds fee growth to one of the counters, modulo 2^256 as the chain. */
export function addFeeGrowth(pool: Pool, token: 0 | 1, growthX128: bigint): void {
  if (token === 0) pool.feeGrowthGlobal0X128 = addMod256(pool.feeGrowthGlobal0X128, growthX128);
  else pool.feeGrowthGlobal1X128 = addMod256(pool.feeGrowthGlobal1X128, growthX128);
}

/** How much liquidity may refer to one tick, as v3-core `Tick.tickSpacingToMaxLiquidityPerTick`, rounded down. */
export function maxLiquidityPerTick(tickSpacing: number): bigint {
  const { tickLower, tickUpper } = usableTicks(tickSpacing);
  return MAX_UINT128 / BigInt((tickUpper - tickLower) / tickSpacing + 1);
}
