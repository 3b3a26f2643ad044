import type { Market, Range } from '@rangeward/contracts';
import { nearestOnGrid, type TickRange, usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import { logPriceAtTick, logPriceAxis, usdE6FromLog } from './log-price-axis.ts';
import type { TickPosterior } from './update-posterior.ts';

/**
 * The smallest range on the posterior's grid that holds at least `coverage` of its mass, found exactly: every window that
 * could be smallest is looked at, with two pointers. Of several as small, the one with the most mass; of those the lowest.
 * The whole grid when not even that holds the coverage.
 */
export function optimiseRange(
  posterior: TickPosterior,
  pool: Market['pool'],
  coverage: number,
  below = sumsBelow(posterior.masses),
): Range {
  const { from, to, mass } = smallestWindow(posterior.masses, coverage, below);
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
export function massWithin(
  { firstTick, binTicks, masses }: TickPosterior,
  { tickLower, tickUpper }: TickRange,
  below = sumsBelow(masses),
): number {
  return massBelow(below, (tickUpper - firstTick) / binTicks) - massBelow(below, (tickLower - firstTick) / binTicks);
}

/**
 * The range of this width, on the spacing's grid and within the usable ticks, that holds the most mass; of several the one
 * nearest to the middle of the posterior's grid.
 */
export function heaviestRange(
  { firstTick, binTicks, masses }: TickPosterior,
  widthTicks: number,
  pool: Market['pool'],
  below = sumsBelow(masses),
): TickRange {
  const usable = usableTicks(pool.tickSpacing);
  const wished = nearestOnGrid(firstTick + (binTicks * masses.length - widthTicks) / 2, pool.tickSpacing);
  const middle = Math.max(usable.tickLower, Math.min(usable.tickUpper - widthTicks, wished));
  const enough = (below[masses.length] ?? 0) - 1e-12;
  const reach = (binTicks * masses.length + widthTicks) / 2;
  let best = { tickLower: middle, mass: -1 };
  for (let step = 0; step <= 2 * reach && best.mass < enough; step += pool.tickSpacing) {
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

/** Mass below each edge of the bins, one more than there are bins: for who asks for several ranges of one posterior. */
export function sumsBelow(masses: Float64Array): Float64Array {
  const below = new Float64Array(masses.length + 1);
  let sum = 0;
  for (let bin = 0; bin < masses.length; bin++) {
    sum += masses[bin] ?? 0;
    below[bin + 1] = sum;
  }
  return below;
}

/** Mass below a place, which is counted in bins and may lie between two edges or outside. */
function massBelow(below: Float64Array, place: number): number {
  const bins = below.length - 1;
  if (place <= 0) return 0;
  if (place >= bins) return below[bins] ?? 0;
  const edge = Math.floor(place);
  const at = below[edge] ?? 0;
  return at + ((below[edge + 1] ?? 0) - at) * (place - edge);
}

/** Bins [from, to) and their mass. */
export function smallestWindow(
  masses: Float64Array,
  coverage: number,
  below = sumsBelow(masses),
): { from: number; to: number; mass: number } {
  const between = (from: number, to: number) => (below[to] ?? 0) - (below[from] ?? 0);
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
