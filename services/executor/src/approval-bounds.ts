import type { Plan } from '@rangeward/contracts';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { quoteToken0InToken1RoundingUp, quoteToken1InToken0RoundingUp } from '@rangeward/uniswap-v3/price';
import { bandAround } from './slippage-band.ts';
import { type DoneStep, factsNamed, holdings } from './step-facts.ts';

/**
 * The most of each token that a plan may have to mint with, rounded up: what it holds and, before its swap, what selling
 * all of the other token pays at the better end of the plan's slippage band, the pool's fee left aside. After the swap, and
 * where the plan allows none, it is what is held, to the wei.
 */
export function mostForManager(plan: Plan, done: readonly DoneStep[]): Amounts {
  const held = holdings(done);
  if (plan.swap === 'none' || factsNamed(done, 'swapped') !== undefined) return held;
  const band = bandAround(plan.market.pool.sqrtPriceX96, plan.limits.maxSlippageBps);
  return {
    amount0: held.amount0 + quoteToken1InToken0RoundingUp(band.lowX96, held.amount1),
    amount1: held.amount1 + quoteToken0InToken1RoundingUp(band.highX96, held.amount0),
  };
}

/** The most of each token that a plan may have to sell: what it holds, or nothing where it allows no swap. */
export function mostForRouter(plan: Plan, done: readonly DoneStep[]): Amounts {
  return plan.swap === 'none' ? { amount0: 0n, amount1: 0n } : holdings(done);
}
