import { abs } from '@rangeward/uniswap-v3/full-math';
import { stablePerVolatile, volatilePriceUsdE6 } from '@rangeward/uniswap-v3/price';
import { pricePathFeeGrowthRoundingDown } from '@rangeward/uniswap-v3/price-path-fees';
import { MAX_TICK, MIN_TICK } from '@rangeward/uniswap-v3/tick-math';
import type { PoolTerms } from './pool-terms.ts';

/**
 * Swaps in the order of the chain, a column for each number: a year of them fits in memory and a loop over them is fast.
 * Only the first `length` are known; what lies behind is room, or the future of a tape.
 */
export type TradeColumns = {
  length: number;
  /** Time of the block, Unix seconds. */
  timeS: Float64Array;
  block: Float64Array;
  /** Tick after the swap. */
  tick: Int32Array;
  /** Square root of token1/token0 in raw units after the swap. */
  sqrtPrice: Float64Array;
  /** Micro-dollars for one whole volatile token after the swap, rounded down as market-data does. */
  priceUsdE6: Float64Array;
  /** Raw dollar tokens that changed hands; with 6 decimals a number holds them exactly. */
  stableRaw: Float64Array;
  /** Raw volatile tokens that changed hands; a bigint where they are exact, a number where they are estimated. */
  readonly volatileRaw: (bigint | number)[];
  /**
   * Fees per unit of liquidity in range, Q128.128, from the first swap up to and with each: bigints to the last bit, or
   * numbers where the prices are only known so.
   */
  readonly growth0X128: (bigint | number)[];
  readonly growth1X128: (bigint | number)[];
  /** After the last swap that was appended. */
  lastSqrtPriceX96: bigint;
};

export type TradeRow = {
  readonly timeS: number;
  readonly block: number;
  readonly tick: number;
  readonly sqrtPriceX96: bigint;
  readonly amount0: bigint;
  readonly amount1: bigint;
};

export function createColumns(capacity: number): TradeColumns {
  return {
    length: 0,
    timeS: new Float64Array(capacity),
    block: new Float64Array(capacity),
    tick: new Int32Array(capacity),
    sqrtPrice: new Float64Array(capacity),
    priceUsdE6: new Float64Array(capacity),
    stableRaw: new Float64Array(capacity),
    volatileRaw: [],
    growth0X128: [],
    growth1X128: [],
    lastSqrtPriceX96: 0n,
  };
}

/** One swap at the end; makes room when there is none. */
export function appendTrade(columns: TradeColumns, terms: PoolTerms, row: TradeRow): void {
  if (columns.length === columns.timeS.length) grow(columns);
  const at = columns.length;
  columns.timeS[at] = row.timeS;
  columns.block[at] = row.block;
  columns.tick[at] = row.tick;
  columns.sqrtPrice[at] = sqrtPriceOf(row.sqrtPriceX96);
  columns.priceUsdE6[at] = priceUsdE6RoundingDown(terms, row.sqrtPriceX96);
  const [stable, volatile] = terms.stable === 0 ? [row.amount0, row.amount1] : [row.amount1, row.amount0];
  columns.stableRaw[at] = Number(abs(stable));
  columns.volatileRaw[at] = abs(volatile);
  appendGrowth(columns, terms, row.sqrtPriceX96);
  columns.length = at + 1;
}

/** What recent fees are told from: sums, so that a window of any length is one difference. */
function appendGrowth(columns: TradeColumns, terms: PoolTerms, sqrtPriceX96: bigint): void {
  const { growth0X128, growth1X128, lastSqrtPriceX96, length } = columns;
  const step =
    length === 0
      ? { amount0X128: 0n, amount1X128: 0n }
      : pricePathFeeGrowthRoundingDown({
          ...{ tickLower: MIN_TICK, tickUpper: MAX_TICK, feePips: terms.feePips, feeProtocol: terms.feeProtocol },
          sqrtPricesX96: [lastSqrtPriceX96, sqrtPriceX96],
        });
  // What was appended before is a bigint as well.
  growth0X128.push(BigInt(growth0X128[length - 1] ?? 0n) + step.amount0X128);
  growth1X128.push(BigInt(growth1X128[length - 1] ?? 0n) + step.amount1X128);
  columns.lastSqrtPriceX96 = sqrtPriceX96;
}

/** The first `length` swaps as columns of their own, to go on from where it is all of them. */
export function copyColumns(columns: TradeColumns, length: number): TradeColumns {
  return {
    length,
    timeS: columns.timeS.slice(0, length),
    block: columns.block.slice(0, length),
    tick: columns.tick.slice(0, length),
    sqrtPrice: columns.sqrtPrice.slice(0, length),
    priceUsdE6: columns.priceUsdE6.slice(0, length),
    stableRaw: columns.stableRaw.slice(0, length),
    volatileRaw: columns.volatileRaw.slice(0, length),
    growth0X128: columns.growth0X128.slice(0, length),
    growth1X128: columns.growth1X128.slice(0, length),
    lastSqrtPriceX96: columns.lastSqrtPriceX96,
  };
}

/** The first of the known swaps that is not before `timeS`, whole seconds as those of blocks are. */
export function firstSince(columns: TradeColumns, timeS: number): number {
  return countUntil(columns, timeS - 1);
}

/** How many of the known swaps are not after `timeS`. */
export function countUntil(columns: TradeColumns, timeS: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.timeS[middle] ?? 0) <= timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function sqrtPriceOf(sqrtPriceX96: bigint): number {
  return Number(sqrtPriceX96) / 2 ** 96;
}

const ALMOST_WHOLE = 1e-4;

/**
 * As market-data says it, to the micro-dollar: the exact sum is only done where the quick one lies too close to a whole
 * number to know which side of it. The quick one is good to 1e-15 of a price, so to 1e-5 micro-dollars at 10,000 dollars.
 */
function priceUsdE6RoundingDown(terms: PoolTerms, sqrtPriceX96: bigint): number {
  const decimals = { decimals0: terms.token0.decimals, decimals1: terms.token1.decimals };
  const quick = stablePerVolatile({ sqrtPriceX96, stable: terms.stable, ...decimals }) * 1e6;
  const part = quick - Math.floor(quick);
  if (quick < 1e11 && part > ALMOST_WHOLE && part < 1 - ALMOST_WHOLE) return Math.floor(quick);
  const decimalsVolatile = terms.stable === 0 ? decimals.decimals1 : decimals.decimals0;
  return Number(volatilePriceUsdE6({ sqrtPriceX96, stable: terms.stable, decimalsVolatile }));
}

function grow(columns: TradeColumns): void {
  const capacity = Math.max(1024, columns.timeS.length * 2);
  const wider = <Column extends Float64Array | Int32Array>(column: Column, made: Column): Column => {
    made.set(column);
    return made;
  };
  columns.timeS = wider(columns.timeS, new Float64Array(capacity));
  columns.block = wider(columns.block, new Float64Array(capacity));
  columns.tick = wider(columns.tick, new Int32Array(capacity));
  columns.sqrtPrice = wider(columns.sqrtPrice, new Float64Array(capacity));
  columns.priceUsdE6 = wider(columns.priceUsdE6, new Float64Array(capacity));
  columns.stableRaw = wider(columns.stableRaw, new Float64Array(capacity));
}
