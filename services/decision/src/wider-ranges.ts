import { ceilToSpacing, floorToSpacing, type TickRange, usableTicks } from '@rangeward/uniswap-v3/tick-grid';

/** Each lasts about four times as long as the one before, so that three of them reach from hours to weeks. */
const FACTORS = [2, 4, 8];

/**
 * Ranges around the middle of this one, 2, 4 and 8 times as wide, outward to the grid. The view reaches an hour, so its
 * ranges are narrow ones; where a move costs more than they earn while they last, a wider one that lasts longer may not.
 */
export function widerRanges({ tickLower, tickUpper }: TickRange, tickSpacing: number): TickRange[] {
  const usable = usableTicks(tickSpacing);
  const middle = (tickLower + tickUpper) / 2;
  return FACTORS.map((factor) => {
    const half = ((tickUpper - tickLower) / 2) * factor;
    return {
      tickLower: Math.max(usable.tickLower, floorToSpacing(Math.floor(middle - half), tickSpacing)),
      tickUpper: Math.min(usable.tickUpper, ceilToSpacing(Math.ceil(middle + half), tickSpacing)),
    };
  });
}
