import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { heaviestRange, massWithin, optimiseRange, smallestWindow } from './optimise-range.ts';
import { updatePosterior } from './update-posterior.ts';

const masses = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 })
  .filter((weights) => weights.some((weight) => weight > 0))
  .map((weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Float64Array.from(weights, (weight) => weight / total);
  });

/** Every window, looked at one by one. */
function bruteForce(bins: Float64Array, coverage: number): number {
  const before = [0];
  for (const [bin, mass] of bins.entries()) before.push(before[bin]! + mass);
  for (let width = 1; width <= bins.length; width++) {
    for (let from = 0; from + width <= bins.length; from++) {
      if (before[from + width]! - before[from]! >= coverage) return width;
    }
  }
  return bins.length;
}

describe('the smallest window', () => {
  it('is as small as any that holds the coverage, and holds it', () => {
    fc.assert(
      fc.property(masses, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (bins, coverage) => {
        const found = smallestWindow(bins, coverage);
        expect(found.to - found.from).toBe(bruteForce(bins, coverage));
        if (found.to - found.from < bins.length) expect(found.mass).toBeGreaterThanOrEqual(coverage);
      }),
      { numRuns: 2000 },
    );
  });

  it('prefers the one with more mass among several as small', () => {
    expect(smallestWindow(Float64Array.from([0.25, 0.25, 0.3, 0.2]), 0.5)).toMatchObject({ from: 1, to: 3 });
  });

  it('is everything when not even that is enough', () => {
    expect(smallestWindow(Float64Array.from([0.4, 0.4]), 0.9)).toMatchObject({ from: 0, to: 2 });
  });
});

describe.each([0, 1] as const)('the range with the dollar as token%i', (stable) => {
  it('says its ends in dollars, lower one first', () => {
    const { pool } = sampleObserved({ stable }).market;
    const firstTick = Math.floor(pool.tick / 10) * 10 - 20;
    const posterior = { firstTick, binTicks: 10, masses: Float64Array.from([0.02, 0.2, 0.56, 0.2, 0.02]) };
    const range = optimiseRange({ ...posterior, centerLog: 0, sigmaLog: 1 }, pool, 0.9);
    expect(range).toMatchObject({ tickLower: firstTick + 10, tickUpper: firstTick + 40, coverage: 0.9 });
    expect(range.mass).toBeCloseTo(0.96, 12);
    expect(range.lowerUsdE6).toBeLessThan(3_000_000_000);
    expect(range.upperUsdE6).toBeGreaterThan(3_000_000_000);
    expect(Math.log(range.upperUsdE6 / range.lowerUsdE6)).toBeCloseTo(30 * Math.log(1.0001), 6);
  });

  it('is the smallest there is on the grid: no pair of ticks that is closer holds the coverage', () => {
    const view = fc.record({
      centerLog: fc.double({ min: Math.log(2900), max: Math.log(3100), noNaN: true }),
      sigmaLog: fc.double({ min: 0.0005, max: 0.01, noNaN: true }),
      degreesOfFreedom: fc.constantFrom(3, 8, Number.POSITIVE_INFINITY),
      weight: fc.double({ min: 0.05, max: 1, noNaN: true }),
    });
    const views = fc.array(view, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(views, fc.constantFrom(10, 60), fc.constantFrom(0.5, 0.9, 0.95), (given, tickSpacing, coverage) => {
        const { pool } = sampleObserved({ stable, tickSpacing }).market;
        const posterior = updatePosterior(given, pool, 512);
        expect(posterior.binTicks).toBe(tickSpacing);
        const range = optimiseRange(posterior, pool, coverage);
        expect(Math.abs(range.tickLower % tickSpacing)).toBe(0);
        expect(Math.abs(range.tickUpper % tickSpacing)).toBe(0);
        expect(massWithin(posterior, range)).toBeCloseTo(range.mass, 12);
        expect((range.tickUpper - range.tickLower) / tickSpacing).toBe(bruteForce(posterior.masses, coverage));
      }),
      { numRuns: 300 },
    );
  });

  it('of a given width is the heaviest there is on the spacing’s grid', () => {
    const { pool } = sampleObserved({ stable }).market;
    const view = (usd: number, weight: number) => ({
      ...{ centerLog: Math.log(usd), sigmaLog: 0.004, degreesOfFreedom: 8, weight },
    });
    const posterior = updatePosterior([view(3000, 0.3), view(3060, 0.7)], pool, 400);
    for (const widthTicks of [10, 70, 200, 2000, 100_000]) {
      const found = heaviestRange(posterior, widthTicks, pool);
      expect(found.tickUpper - found.tickLower).toBe(widthTicks);
      expect(Math.abs(found.tickLower % 10)).toBe(0);
      const end = posterior.firstTick + posterior.binTicks * posterior.masses.length;
      let most = 0;
      for (let tickLower = posterior.firstTick - widthTicks; tickLower < end; tickLower += 10) {
        most = Math.max(most, massWithin(posterior, { tickLower, tickUpper: tickLower + widthTicks }));
      }
      expect(massWithin(posterior, found)).toBeCloseTo(most, 9);
    }
  });

  it('as wide as all usable ticks is all usable ticks', () => {
    const { pool } = sampleObserved({ stable }).market;
    const view = { centerLog: Math.log(3000), sigmaLog: 0.004, degreesOfFreedom: 8, weight: 1 };
    const all = { tickLower: -887_270, tickUpper: 887_270 };
    expect(heaviestRange(updatePosterior([view], pool, 400), 2 * 887_270, pool)).toEqual(all);
  });
});
