import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { type PoolInNumbers, rootAtTick } from './pool-in-numbers.ts';

const YEAR_S = 365 * 86_400;

/**
 * Expected loss against rebalancing over `horizonS`, micro-dollars rounded up: L/4 * sigma^2 * root a year (in token1) for
 * the share of the time in the range. The root is the one now, held within the range. Grows with time and never pays back.
 */
export function expectedLvrUsdE6RoundingUp(of: {
  readonly pool: PoolInNumbers;
  readonly range: TickRange;
  readonly liquidity: number;
  readonly volatilityAnnual: number;
  readonly timeInRange: number;
  readonly horizonS: number;
  /** Share of it that counts, from 0 to 1. */
  readonly weight: number;
}): number {
  const { pool, range } = of;
  const root = Math.min(rootAtTick(range.tickUpper), Math.max(rootAtTick(range.tickLower), pool.root));
  const perYear = (of.liquidity / 4) * of.volatilityAnnual ** 2 * root * pool.token1UsdE6;
  return Math.ceil((of.weight * perYear * of.timeInRange * of.horizonS) / YEAR_S);
}
