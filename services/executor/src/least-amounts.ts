import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { bandAround, mintInBand, swapMinimumRoundingDown } from './slippage-band.ts';

/** The pool as the signer's policy reads it itself; nothing here comes from the plan. */
export type OwnMarket = {
  readonly tick: number;
  /** Null when the pool's oracle does not answer: then nothing that depends on the price is signed. */
  readonly twapTick: number | null;
  readonly maxTwapDeviationTicks: number;
  /** Of the NFT that is withdrawn from; null when there is none. */
  readonly position: TickRange | null;
};

/**
 * The most that a step may lose against the pool's time-weighted price, whatever its plan allows: slippage, the way of the
 * price since the plan, and what lies between spot and average, together.
 */
const MOST_LOSS_BPS = 500;

/** The price that least amounts are reckoned at, or why there is none. */
export function referencePrice({ tick, twapTick, maxTwapDeviationTicks }: OwnMarket): bigint | string {
  if (twapTick === null) return 'the pool’s oracle does not answer, so no least amount can be reckoned';
  const away = Math.abs(tick - twapTick);
  if (away > maxTwapDeviationTicks) return `the price is ${away} ticks from its average, over ${maxTwapDeviationTicks}`;
  return getSqrtRatioAtTick(twapTick);
}

type Reference = { readonly sqrtPriceX96: bigint };

/** The least that a swap must insist on, of the token that is bought; rounded down. */
export function leastOfSwap(of: Reference & { zeroForOne: boolean; amountIn: bigint; feePips: number }): bigint {
  return swapMinimumRoundingDown({ ...of, slippageBps: MOST_LOSS_BPS });
}

/** The least that a withdrawal must insist on: what it pays at the ends of the band; rounded down. */
export function leastOfWithdrawal(of: Reference & TickRange & { liquidity: bigint }): Amounts {
  const { lowX96, highX96 } = bandAround(of.sqrtPriceX96, MOST_LOSS_BPS);
  return {
    amount0: amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96: highX96 }).amount0,
    amount1: amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96: lowX96 }).amount1,
  };
}

/** The least that a mint must insist on: what it takes at the ends of the band; rounded down. */
export function leastOfMint(of: Reference & TickRange & Amounts): Amounts {
  return mintInBand({ ...of, slippageBps: MOST_LOSS_BPS });
}
