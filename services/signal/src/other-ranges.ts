import type { AlternativeRange, Market } from '@rangeward/contracts';
import { heaviestRange, massWithin, optimiseRange, rangeOf, sumsBelow } from './optimise-range.ts';
import { COVERAGES } from './score-forecast.ts';
import type { TickPosterior } from './update-posterior.ts';

/**
 * What else could be held, with its mass: the smallest ranges with other coverages than the one asked for, the held range,
 * and the best one that is as wide, which says what moving alone would bring. A position without a range has no held one.
 */
export function otherRanges(posterior: TickPosterior, market: Market, asked: number): AlternativeRange[] {
  const { pool, position } = market;
  const below = sumsBelow(posterior.masses);
  const covering = COVERAGES.filter((coverage) => coverage !== asked).map((coverage) => ({
    kind: 'coverage' as const,
    ...optimiseRange(posterior, pool, coverage, below),
  }));
  if (position.tickLower >= position.tickUpper) return covering;
  const moved = heaviestRange(posterior, position.tickUpper - position.tickLower, pool, below);
  const named = (kind: 'held' | 'held-width', ticks: { readonly tickLower: number; readonly tickUpper: number }) => {
    const mass = massWithin(posterior, ticks, below);
    return { kind, ...rangeOf(pool, { ...ticks, coverage: mass, mass }) };
  };
  return [
    ...covering,
    named('held-width', moved),
    named('held', { tickLower: position.tickLower, tickUpper: position.tickUpper }),
  ];
}
