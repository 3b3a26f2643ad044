import { MAX_UINT128, Q96 } from './full-math.ts';
import {
  getAmount0DeltaRoundingDown,
  getAmount0DeltaRoundingUp,
  getAmount1DeltaRoundingDown,
  getAmount1DeltaRoundingUp,
} from './sqrt-price-math.ts';
import type { TickRange } from './tick-grid.ts';
import { getSqrtRatioAtTick } from './tick-math.ts';

/** Amounts of the pool's two tokens, in wei. */
export type Amounts = { readonly amount0: bigint; readonly amount1: bigint };

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
  // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigint.
  return liquidity0 < liquidity1 ? liquidity0 : liquidity1;
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
  return { low, high, clamped: sqrtPriceX96 < low ? low : sqrtPriceX96 > high ? high : sqrtPriceX96 };
}

function assertUint128(liquidity: bigint): bigint {
  if (liquidity > MAX_UINT128) throw new RangeError(`liquidity does not fit 128 bits: ${liquidity}`);
  return liquidity;
}
