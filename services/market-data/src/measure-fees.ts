import type { RecentFees } from '@rangeward/contracts';
import { pricePathFeeGrowthRoundingDown } from '@rangeward/uniswap-v3/price-path-fees';
import { MAX_TICK, MIN_TICK } from '@rangeward/uniswap-v3/tick-math';
import type { Trade } from './swap-history.ts';

/** What of the pool decides how much of a trade goes to liquidity. */
export type FeeTerms = { readonly feePips: number; readonly feeProtocol0: number; readonly feeProtocol1: number };

/**
 * Fees per unit of liquidity in range from `startS` to `endS`, from the path of the price alone, which is what a pool's
 * own counters grow by; rounded down, the protocol's share taken off as it is now. Null with fewer than two trades. The
 * whole window counts, also when its trades came late: what is not known to have been earned was not.
 */
export function recentFeesOf(
  trades: readonly Trade[],
  terms: FeeTerms,
  { startS, endS }: { readonly startS: number; readonly endS: number },
): RecentFees | null {
  const sqrtPricesX96 = trades
    .filter(({ timeS }) => timeS >= startS && timeS <= endS)
    .map((trade) => trade.sqrtPriceX96);
  if (sqrtPricesX96.length < 2 || endS <= startS) return null;
  const { amount0X128, amount1X128 } = pricePathFeeGrowthRoundingDown({
    ...{ tickLower: MIN_TICK, tickUpper: MAX_TICK, feePips: terms.feePips, sqrtPricesX96 },
    feeProtocol: terms.feeProtocol0 + (terms.feeProtocol1 << 4),
  });
  return { windowS: endS - startS, growth0X128: amount0X128, growth1X128: amount1X128 };
}
