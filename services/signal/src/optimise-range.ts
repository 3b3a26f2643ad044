import type { Market, Range } from '@rangeward/contracts';
import { nearestOnGrid, type TickRange, usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import { logPriceAtTick, logPriceAxis, usdE6FromLog } from './log-price-axis.ts';
import type { TickPosterior } from './update-posterior.ts';

/**
 * The smallest range on the posterior's grid that holds at least `coverage` of its mass, found exactly: every window that
 * could be smallest is looked at, with two pointers. Of several as small, the one with the most mass; of those the lowest.
 * The whole grid when not even that holds the coverage.
 */
export function optimiseRange(posterior: TickPosterior, pool: Market['pool'], coverage: number): Range {
  const { from, to, mass } = smallestWindow(posterior.masses, coverage);
  const at = (bin: number) => posterior.firstTick + bin * posterior.binTicks;
  return rangeOf(pool, { tickLower: at(from), tickUpper: at(to), coverage, mass });
}

/** Ticks and mass with the ends in dollars, lower one first in either token order. */
export function rangeOf(
  pool: Market['pool'],
  { tickLower, tickUpper, coverage, mass }: Pick<Range, 'tickLower' | 'tickUpper' | 'coverage' | 'mass'>,
): Range {
  const axis = logPriceAxis(pool);
  const ends = [tickLower, tickUpper].map((tick) => usdE6FromLog(logPriceAtTick(axis, tick)));
  const share = (value: number) => Math.min(1, Math.max(0, value));
  const [lowerUsdE6, upperUsdE6] = [Math.min(...ends), Math.max(...ends)];
  return { tickLower, tickUpper, coverage: share(coverage), mass: share(mass), lowerUsdE6, upperUsdE6 };
}

/** Posterior mass of [tickLower, tickUpper), the mass of a bin taken to lie evenly in it. */
export function massWithin(posterior: TickPosterior, { tickLower, tickUpper }: TickRange): number {
  const { firstTick, binTicks, masses } = posterior;
  const below = sumsBefore(masses);
  return massBelow(below, (tickUpper - firstTick) / binTicks) - massBelow(below, (tickLower - firstTick) / binTicks);
}

/**
 * The range of this width, on the spacing's grid and within the usable ticks, that holds the most mass; of several the one
 * nearest to the middle of the posterior's grid.
 */
export function heaviestRange(posterior: TickPosterior, widthTicks: number, pool: Market['pool']): TickRange {
  const { firstTick, binTicks, masses } = posterior;
  const below = sumsBefore(masses);
  const usable = usableTicks(pool.tickSpacing);
  const middle = nearestOnGrid(firstTick + (binTicks * masses.length - widthTicks) / 2, pool.tickSpacing);
  const reach = (binTicks * masses.length + widthTicks) / 2;
  let best = { tickLower: middle, mass: -1 };
  for (let step = 0; step <= 2 * reach; step += pool.tickSpacing) {
    // 0, 1, -1, 2, -2 and so on, in spacings from the middle.
    const away = Math.ceil(step / pool.tickSpacing / 2) * pool.tickSpacing;
    const tickLower = (step / pool.tickSpacing) % 2 === 0 ? middle - away : middle + away;
    if (tickLower < usable.tickLower || tickLower + widthTicks > usable.tickUpper) continue;
    const from = (tickLower - firstTick) / binTicks;
    const mass = massBelow(below, from + widthTicks / binTicks) - massBelow(below, from);
    if (mass > best.mass + 1e-12) best = { tickLower, mass };
  }
  return { tickLower: best.tickLower, tickUpper: best.tickLower + widthTicks };
}

/** Mass below each edge of the bins; one more than there are bins. */
function sumsBefore(masses: Float64Array): Float64Array {
  const before = new Float64Array(masses.length + 1);
  for (let bin = 0; bin < masses.length; bin++) before[bin + 1] = (before[bin] ?? 0) + (masses[bin] ?? 0);
  return before;
}

/** Mass below a place, which is counted in bins and may lie between two edges or outside. */
function massBelow(before: Float64Array, place: number): number {
  const bins = before.length - 1;
  if (place <= 0) return 0;
  if (place >= bins) return before[bins] ?? 0;
  const edge = Math.floor(place);
  const at = before[edge] ?? 0;
  return at + ((before[edge + 1] ?? 0) - at) * (place - edge);
}

/** Bins [from, to) and their mass. */
export function smallestWindow(masses: Float64Array, coverage: number): { from: number; to: number; mass: number } {
  const before = sumsBefore(masses);
  const between = (from: number, to: number) => (before[to] ?? 0) - (before[from] ?? 0);
  let best = { from: 0, to: masses.length, mass: between(0, masses.length) };
  let to = 1;
  for (let from = 0; from < masses.length; from++) {
    to = Math.max(to, from + 1);
    while (to <= masses.length && between(from, to) < coverage) to++;
    if (to > masses.length) break;
    const width = to - from;
    const mass = between(from, to);
    if (width < best.to - best.from || (width === best.to - best.from && mass > best.mass)) best = { from, to, mass };
  }
  return best;
}
