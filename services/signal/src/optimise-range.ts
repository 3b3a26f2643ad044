import type { Market, Range } from '@rangeward/contracts';
import { stablePerVolatileAtTick } from '@rangeward/uniswap-v3/price';
import type { TickPosterior } from './update-posterior.ts';

/**
 * The smallest range on the posterior's grid that holds at least `coverage` of its mass, found exactly: every window that
 * could be smallest is looked at, with two pointers. Of several as small, the one with the most mass; of those the lowest.
 * The whole grid when not even that holds the coverage.
 */
export function optimiseRange(posterior: TickPosterior, pool: Market['pool'], coverage: number): Range {
  const best = smallestWindow(posterior.masses, coverage);
  const tickLower = posterior.firstTick + best.from * posterior.binTicks;
  const tickUpper = posterior.firstTick + best.to * posterior.binTicks;
  const ends = [tickLower, tickUpper].map((tick) => priceUsdE6AtTick(pool, tick));
  return {
    tickLower,
    tickUpper,
    coverage,
    mass: Math.min(1, Math.max(0, best.mass)),
    lowerUsdE6: Math.min(...ends),
    upperUsdE6: Math.max(...ends),
  };
}

/** Bins [from, to) and their mass. */
export function smallestWindow(masses: Float64Array, coverage: number): { from: number; to: number; mass: number } {
  const before = new Float64Array(masses.length + 1);
  for (let bin = 0; bin < masses.length; bin++) before[bin + 1] = (before[bin] ?? 0) + (masses[bin] ?? 0);
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

/** Micro-dollars for one volatile token at a tick, to nearest. */
function priceUsdE6AtTick(pool: Market['pool'], tick: number): number {
  const price = stablePerVolatileAtTick({
    tick,
    stable: pool.stable,
    decimals0: pool.token0.decimals,
    decimals1: pool.token1.decimals,
  });
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(price * 1e6));
}
