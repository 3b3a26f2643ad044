import { clamp, MAX_UINT128, Q96, smallerOf } from './full-math.ts';
import {
  getAmount0DeltaRoundingDown,
  getAmount0DeltaRoundingUp,
  getAmount1DeltaRoundingDown,
  getAmount1DeltaRoundingUp,
} from './sqrt-price-math.ts';
import { computeSwapStep, PIPS } from './swap-math.ts';
import type { TickRange } from './tick-grid.ts';
import { getSqrtRatioAtTick, MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tick-math.ts';

/** Amounts of the pool's two tokens, in wei. */
export type Amounts = { readonly amount0: bigint; readonly amount1: bigint };

export const NO_AMOUNTS: Amounts = { amount0: 0n, amount1: 0n };

/** A pool's price and a position's range and liquidity. */
export type PricedLiquidity = TickRange & { readonly sqrtPriceX96: bigint; readonly liquidity: bigint };

/** What burning `liquidity` pays at this price, each amount rounded down to the wei as the pool does. */
export function amountsForLiquidityRoundingDown(of: PricedLiquidity): Amounts {
  const { low, high, clamped } = clampToRange(of.sqrtPriceX96, of);
  return {
    amount0: getAmount0DeltaRoundingDown(clamped, high, of.liquidity),
    amount1: getAmount1DeltaRoundingDown(low, clamped, of.liquidity),
  };
}

/** What minting `liquidity` costs at this price, each amount rounded up to the wei as the pool does. */
export function amountsForLiquidityRoundingUp(of: PricedLiquidity): Amounts {
  const { low, high, clamped } = clampToRange(of.sqrtPriceX96, of);
  return {
    amount0: getAmount0DeltaRoundingUp(clamped, high, of.liquidity),
    amount1: getAmount1DeltaRoundingUp(low, clamped, of.liquidity),
  };
}

/**
 * The most liquidity the position manager mints from these amounts at this price, rounded down, as periphery's
 * `LiquidityAmounts.getLiquidityForAmounts`. Throws a RangeError when it does not fit 128 bits or the range is empty.
 */
export function liquidityForAmounts(of: TickRange & Amounts & { readonly sqrtPriceX96: bigint }): bigint {
  const { low, high, clamped } = clampToRange(of.sqrtPriceX96, of);
  if (of.sqrtPriceX96 <= low) return liquidityForAmount0RoundingDown(low, high, of.amount0);
  if (of.sqrtPriceX96 >= high) return liquidityForAmount1RoundingDown(low, high, of.amount1);
  const liquidity0 = liquidityForAmount0RoundingDown(clamped, high, of.amount0);
  const liquidity1 = liquidityForAmount1RoundingDown(low, clamped, of.amount1);
  return smallerOf(liquidity0, liquidity1);
}

/** Liquidity that `amount0` alone gives between two prices (low < high), rounded down twice as periphery does. */
export function liquidityForAmount0RoundingDown(lowX96: bigint, highX96: bigint, amount0: bigint): bigint {
  const intermediate = (lowX96 * highX96) / Q96;
  return assertUint128((amount0 * intermediate) / (highX96 - lowX96));
}

/** Liquidity that `amount1` alone gives between two prices (low < high), rounded down. */
export function liquidityForAmount1RoundingDown(lowX96: bigint, highX96: bigint, amount1: bigint): bigint {
  return assertUint128((amount1 * Q96) / (highX96 - lowX96));
}

/** What `swapToRatio` weighs. Amounts in wei, the fee in pips of the input. */
export type SwapToRatioInput = TickRange &
  Amounts & {
    /** The pool's price, which decides the ratio the range takes. */
    readonly sqrtPriceX96: bigint;
    readonly feePips: number;
    /** Swapping in this pool: its liquidity in range, taken as constant over the swap, so that the swap's own impact counts. */
    readonly activeLiquidity?: bigint;
    /** Swapping elsewhere: the price expected there before the fee; the pool's own price stays. Default: the pool's price. */
    readonly executionSqrtPriceX96?: bigint;
  };

export type SwapToRatio = Amounts & {
  readonly zeroForOne: boolean;
  /** What to sell, fee included; 0 when the amounts already fit. Never more than what is held. */
  readonly amountIn: bigint;
  /** What the swap is expected to pay, rounded down. `amount0` and `amount1` are what is held after it. */
  readonly amountOut: bigint;
  /** The pool's price after the swap. */
  readonly sqrtPriceAfterX96: bigint;
};

/**
 * How much of which token to sell so that what is then held fits the range at the price then: the largest sale, to the wei, that does
 * not overshoot, found by bisection (what is held after a sale moves one way only). What a mint then leaves over is worth about
 * one wei of the coarser token. With `activeLiquidity` the answer is exact while the swap crosses no initialized tick.
 * Throws a RangeError for an empty range, negative amounts, or an `activeLiquidity` that is not positive.
 */
export function swapToRatio(of: SwapToRatioInput): SwapToRatio {
  if (of.amount0 < 0n || of.amount1 < 0n)
    throw new RangeError(`amounts must not be negative: ${of.amount0}, ${of.amount1}`);
  if (of.activeLiquidity !== undefined && of.activeLiquidity <= 0n) {
    throw new RangeError('there is no liquidity to swap against: give executionSqrtPriceX96 or leave both out');
  }
  const none = { amount0: of.amount0, amount1: of.amount1, amountIn: 0n, amountOut: 0n };
  const surplus = surplusOfToken0(of, of.sqrtPriceX96, of.amount0, of.amount1);
  const zeroForOne = surplus > 0n;
  let best: SwapToRatio = { ...none, zeroForOne, sqrtPriceAfterX96: of.sqrtPriceX96 };
  if (surplus === 0n) return best;
  let enough = 0n;
  let tooMuch = (zeroForOne ? of.amount0 : of.amount1) + 1n;
  while (tooMuch - enough > 1n) {
    const amountIn = (enough + tooMuch) >> 1n;
    const after = afterSelling(of, zeroForOne, amountIn);
    const left = surplusOfToken0(of, after.sqrtPriceAfterX96, after.amount0, after.amount1);
    if (zeroForOne ? left >= 0n : left <= 0n) {
      enough = amountIn;
      best = after;
    } else tooMuch = amountIn;
  }
  return best;
}

/** Positive when token0 would be left over by a mint at this price, negative when token1 would; exact, in no unit of its own. */
function surplusOfToken0(range: TickRange, sqrtPriceX96: bigint, amount0: bigint, amount1: bigint): bigint {
  const { low, high, clamped } = clampToRange(sqrtPriceX96, range);
  // amount0 * s * sb / (sb - s) against amount1 / (s - sa), multiplied out.
  return amount0 * clamped * high * (clamped - low) - ((amount1 * (high - clamped)) << 192n);
}

/** What is held after selling `amountIn`, the output rounded down. */
function afterSelling(of: SwapToRatioInput, zeroForOne: boolean, amountIn: bigint): SwapToRatio {
  const { amountOut, sqrtPriceAfterX96 } =
    of.activeLiquidity === undefined
      ? soldElsewhere(of, zeroForOne, amountIn)
      : soldInPool(of, of.activeLiquidity, zeroForOne, amountIn);
  return {
    zeroForOne,
    amountIn,
    amountOut,
    sqrtPriceAfterX96,
    amount0: zeroForOne ? of.amount0 - amountIn : of.amount0 + amountOut,
    amount1: zeroForOne ? of.amount1 + amountOut : of.amount1 - amountIn,
  };
}

function soldInPool(of: SwapToRatioInput, activeLiquidity: bigint, zeroForOne: boolean, amountIn: bigint) {
  const furthest = zeroForOne ? MIN_SQRT_RATIO : MAX_SQRT_RATIO - 1n;
  const step = computeSwapStep(of.sqrtPriceX96, furthest, activeLiquidity, amountIn, of.feePips);
  return { amountOut: step.amountOut, sqrtPriceAfterX96: step.sqrtRatioNextX96 };
}

function soldElsewhere(of: SwapToRatioInput, zeroForOne: boolean, amountIn: bigint) {
  const price = of.executionSqrtPriceX96 ?? of.sqrtPriceX96;
  const lessFee = (amountIn * (PIPS - BigInt(of.feePips))) / PIPS;
  const amountOut = zeroForOne ? (lessFee * price * price) >> 192n : (lessFee << 192n) / (price * price);
  return { amountOut, sqrtPriceAfterX96: of.sqrtPriceX96 };
}

/** The range's bounds as square-root prices, and the price held within them. Throws a RangeError when tickLower >= tickUpper. */
export function clampToRange(
  sqrtPriceX96: bigint,
  range: TickRange,
): { readonly low: bigint; readonly high: bigint; readonly clamped: bigint } {
  if (range.tickLower >= range.tickUpper) {
    throw new RangeError(`the range is empty: tickLower ${range.tickLower} is not below tickUpper ${range.tickUpper}`);
  }
  const low = getSqrtRatioAtTick(range.tickLower);
  const high = getSqrtRatioAtTick(range.tickUpper);
  return { low, high, clamped: clamp(sqrtPriceX96, low, high) };
}

function assertUint128(liquidity: bigint): bigint {
  if (liquidity > MAX_UINT128) throw new RangeError(`liquidity does not fit 128 bits: ${liquidity}`);
  return liquidity;
}
