import type { Market, SwapQuote } from '@rangeward/contracts';
import { othersLiquidity } from './expected-fees.ts';
import type { PoolInNumbers } from './pool-in-numbers.ts';

/** What has to be sold. */
export type SwapWanted = {
  readonly zeroForOne: boolean;
  /** Micro-dollars, at the pool’s price. */
  readonly usdE6: number;
};

/**
 * Fee and price impact of a swap in this pool, micro-dollars rounded up, against the price now. Between quotes the cost is
 * taken on the straight line, and the true one lies under it: each further coin costs more than the one before. Beyond
 * the quotes, or without any, the fee and what liquidity as it stands now would give way, at least `leastImpactBps`. The
 * own liquidity is taken out before the swap, so the impact grows by what it was of the liquidity in range.
 */
export function expectedSwapCostUsdE6RoundingUp(
  market: Market,
  numbers: PoolInNumbers,
  wanted: SwapWanted,
  leastImpactBps: number,
): number {
  if (wanted.usdE6 <= 0) return 0;
  const feeUsdE6 = (wanted.usdE6 * market.pool.feePips) / 1e6;
  const quoted = quotedCostUsdE6(market.swapQuotes ?? [], numbers, wanted);
  const impactUsdE6 =
    quoted === null
      ? wanted.usdE6 * Math.max(leastImpactBps / 10_000, impactShare(market, numbers, wanted))
      : Math.max(0, quoted - feeUsdE6) * thinning(market);
  return Math.ceil(feeUsdE6 + impactUsdE6);
}

/** On the line between the two quotes around it, the first of which may be "nothing for nothing"; null beyond the last. */
function quotedCostUsdE6(quotes: readonly SwapQuote[], numbers: PoolInNumbers, wanted: SwapWanted): number | null {
  let below = { soldUsdE6: 0, costUsdE6: 0 };
  let above: typeof below | null = null;
  for (const { zeroForOne, amountIn, amountOut } of quotes) {
    if (zeroForOne !== wanted.zeroForOne) continue;
    const [inUsdE6, outUsdE6] = zeroForOne
      ? [numbers.token0UsdE6, numbers.token1UsdE6]
      : [numbers.token1UsdE6, numbers.token0UsdE6];
    const soldUsdE6 = Number(amountIn) * inUsdE6;
    const point = { soldUsdE6, costUsdE6: soldUsdE6 - Number(amountOut) * outUsdE6 };
    if (soldUsdE6 >= wanted.usdE6) {
      if (above === null || soldUsdE6 < above.soldUsdE6) above = point;
    } else if (soldUsdE6 > below.soldUsdE6) below = point;
  }
  if (above === null) return null;
  const along = (wanted.usdE6 - below.soldUsdE6) / (above.soldUsdE6 - below.soldUsdE6);
  return below.costUsdE6 + (above.costUsdE6 - below.costUsdE6) * along;
}

/** Share of the input that is lost to impact in constant liquidity: q / (1 + q) with q the relative move of the root. */
function impactShare(market: Market, { root, ...numbers }: PoolInNumbers, wanted: SwapWanted): number {
  const liquidity = othersLiquidity(market);
  if (liquidity === 0) return 1;
  const move = wanted.zeroForOne
    ? ((wanted.usdE6 / numbers.token0UsdE6) * root) / liquidity
    : wanted.usdE6 / numbers.token1UsdE6 / (liquidity * root);
  return move / (1 + move);
}

/** How many times as far the price gives way once the own liquidity is out. */
function thinning(market: Market): number {
  const others = othersLiquidity(market);
  return others === 0 ? Number(market.pool.liquidity) : Number(market.pool.liquidity) / others;
}
