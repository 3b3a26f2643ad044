import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import type { View } from './combine-views.ts';
import { updatePosterior } from './update-posterior.ts';

const NORMAL = Number.POSITIVE_INFINITY;
const view = (centerUsd: number, sigmaLog: number, weight = 0.5, degreesOfFreedom = NORMAL): View => ({
  centerLog: Math.log(centerUsd),
  sigmaLog,
  degreesOfFreedom,
  weight,
});
const poolOf = (stable: 0 | 1, tickSpacing = 10) => sampleObserved({ stable, tickSpacing }).market.pool;

describe.each([0, 1] as const)('the posterior with the dollar as token%i', (stable) => {
  it('of two normal views is their pool, which has a closed form', () => {
    const views = [view(3000, 0.01, 0.2), view(3030, 0.005, 0.8)];
    const posterior = updatePosterior(views, poolOf(stable), 1024);
    const precision = 0.2 / 0.01 ** 2 + 0.8 / 0.005 ** 2;
    const mean = ((0.2 / 0.01 ** 2) * Math.log(3000) + (0.8 / 0.005 ** 2) * Math.log(3030)) / precision;
    expect(posterior.centerLog).toBeCloseTo(mean, 6);
    expect(posterior.sigmaLog).toBeCloseTo(1 / Math.sqrt(precision), 5);
  });

  it('of two views that agree is as wide as each of them: the same trades are not counted twice', () => {
    const alone = updatePosterior([view(3000, 0.006)], poolOf(stable), 1024);
    const both = updatePosterior([view(3000, 0.006, 0.3), view(3000, 0.006, 0.7)], poolOf(stable), 1024);
    expect(both.sigmaLog).toBeCloseTo(alone.sigmaLog, 9);
    expect(both.sigmaLog).toBeCloseTo(0.006, 5);
  });
});

const anyView = fc.record({
  centerLog: fc.double({ min: Math.log(1e-5), max: Math.log(1e9), noNaN: true }),
  sigmaLog: fc.oneof(
    fc.double({ min: 1e-4, max: 0.5, noNaN: true }),
    fc.constantFrom(Number.MIN_VALUE, 1e-300, 1e-12, 5, 1e3),
  ),
  degreesOfFreedom: fc.constantFrom(2.1, 4, 30, NORMAL),
  weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

it('is finite, adds up to one and stays on the pool’s grid, whatever the views', () => {
  fc.assert(
    fc.property(
      fc.array(anyView, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<[0 | 1, number]>([0, 1], [1, 1], [0, 10], [1, 60], [0, 200]),
      (views, [stable, spacing]) => {
        const posterior = updatePosterior(views, poolOf(stable, spacing), 512);
        expect(posterior.masses.length).toBeLessThanOrEqual(512);
        expect(posterior.masses.every((mass) => mass >= 0)).toBe(true);
        expect(posterior.masses.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 9);
        expect(Number.isFinite(posterior.centerLog)).toBe(true);
        expect(posterior.sigmaLog).toBeGreaterThan(0);
        expect(Math.abs(posterior.firstTick % spacing)).toBe(0);
        expect(posterior.binTicks % spacing).toBe(0);
        expect(posterior.firstTick).toBeGreaterThanOrEqual(-887272);
        expect(posterior.firstTick + posterior.binTicks * posterior.masses.length).toBeLessThanOrEqual(887272);
      },
    ),
    { numRuns: 500 },
  );
});
