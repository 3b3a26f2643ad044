import type { Plan } from '@rangeward/contracts';
import { ceilToSpacing, floorToSpacing, type TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { getTickAtSqrtRatio } from '@rangeward/uniswap-v3/tick-math';

/** The new range of a rebalance. */
export function targetOf(plan: Plan): TickRange {
  if (plan.target === null) throw new Error('a rebalance has a target');
  return { tickLower: plan.target.tickLower, tickUpper: plan.target.tickUpper };
}

/**
 * Where the range lies when it is minted. A range for one token alone was placed beside the price; should the price have
 * run into it since, nothing could be minted there, so it goes on ahead of the price, as wide as it was. How far the price
 * may have gone the plan's own limit says. Every other range stays where it was planned.
 */
export function targetNow(plan: Plan, sqrtPriceX96: bigint): TickRange {
  const target = targetOf(plan);
  if (plan.swap !== 'none') return target;
  const { tick: plannedAt, tickSpacing } = plan.market.pool;
  const now = getTickAtSqrtRatio(sqrtPriceX96);
  const width = target.tickUpper - target.tickLower;
  if (plannedAt < target.tickLower && now >= target.tickLower) {
    const tickLower = ceilToSpacing(now + 1, tickSpacing);
    return { tickLower, tickUpper: tickLower + width };
  }
  if (plannedAt >= target.tickUpper && now < target.tickUpper) {
    const tickUpper = floorToSpacing(now, tickSpacing);
    return { tickLower: tickUpper - width, tickUpper };
  }
  return target;
}
