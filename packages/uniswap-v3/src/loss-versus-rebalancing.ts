import { clamp } from './full-math.ts';
import { type Amounts, clampToRange, type PricedLiquidity } from './liquidity-amounts.ts';
import { getAmount0DeltaRoundingDown, getAmount1DeltaRoundingDown } from './sqrt-price-math.ts';
import { type Numeraire, quoteAt, subtractAmounts, valueX192 } from './value-ledger.ts';

/**
 * Loss against rebalancing of one liquidity along a path of prices: the sum of x_{t-1} (P_t - P_{t-1}) - (V_t - V_{t-1}), which is
 * what the position gave away at each price, valued there. In raw units of the numeraire, times 2^192; not negative but for
 * the amounts' rounding down, less than one raw unit of each token a step. A path of fewer than two prices loses nothing.
 *
 * The price should be one from outside. With the pool's own prices, where there is no other, moves within the fee band count as
 * losses too, so that is an upper bound of what arbitrage took.
 */
export function lossVersusRebalancingX192(
  of: Omit<PricedLiquidity, 'sqrtPriceX96'> & {
    readonly sqrtPricesX96: Iterable<bigint>;
    readonly numeraire: Numeraire;
  },
): bigint {
  const { low, high } = clampToRange(0n, of);
  let before: Amounts | undefined;
  let sumX192 = 0n;
  for (const price of of.sqrtPricesX96) {
    const clamped = clamp(price, low, high);
    const now = {
      amount0: getAmount0DeltaRoundingDown(clamped, high, of.liquidity),
      amount1: getAmount1DeltaRoundingDown(low, clamped, of.liquidity),
    };
    if (before !== undefined) sumX192 += valueX192(subtractAmounts(before, now), quoteAt(price, of.numeraire));
    before = now;
  }
  return sumX192;
}
