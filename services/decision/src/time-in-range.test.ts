import { describe, expect, it } from 'vitest';
import { gaussians } from '../test/gaussians.ts';
import { expectedLifeS, expectedTimeInRange, normalShareBelow, type TickView } from './time-in-range.ts';

const view: TickView = {
  nowTick: 1000,
  meanTick: 1000,
  sigmaTicks: 60,
  viewS: 3600,
  sigmaTicksPerRootSecond: 1,
};

/** Share of simulated seconds within the range: steps of a few minutes, the walk and its mean as the view says. */
function simulated(of: TickView, range: { tickLower: number; tickUpper: number }, horizonS: number): number {
  const next = gaussians(7);
  const [paths, stepS] = [8_000, 225];
  let within = 0;
  let all = 0;
  for (let path = 0; path < paths; path++) {
    let walk = 0;
    for (let atS = stepS / 2; atS <= horizonS; atS += stepS) {
      const perSecond = atS <= of.viewS ? of.sigmaTicks ** 2 / of.viewS : of.sigmaTicksPerRootSecond ** 2;
      walk += next() * Math.sqrt(perSecond * Math.min(atS, stepS));
      const tick = of.nowTick + (of.meanTick - of.nowTick) * Math.min(1, atS / of.viewS) + walk;
      all += 1;
      if (range.tickLower <= tick && tick < range.tickUpper) within += 1;
    }
  }
  return within / all;
}

describe('the expected time in range is that of simulated paths', () => {
  it.each([
    ['around the price, within the view', view, { tickLower: 900, tickUpper: 1100 }, 3600],
    ['around the price, far beyond the view', view, { tickLower: 900, tickUpper: 1100 }, 43_200],
    ['left behind', view, { tickLower: 700, tickUpper: 985 }, 43_200],
    ['beside the price', view, { tickLower: 1010, tickUpper: 1210 }, 10_800],
    ['with a mean that walks away', { ...view, meanTick: 1080 }, { tickLower: 900, tickUpper: 1100 }, 21_600],
    [
      'with a wide view and a quiet market',
      { ...view, sigmaTicksPerRootSecond: 0.2 },
      { tickLower: 950, tickUpper: 1050 },
      21_600,
    ],
  ])('%s', (_, of, range, horizonS) => {
    expect(Math.abs(expectedTimeInRange(of, range, horizonS) - simulated(of, range, horizonS))).toBeLessThan(0.01);
  });

  it('and of the integral over time, to a thousandth', () => {
    const range = { tickLower: 960, tickUpper: 1070 };
    let sum = 0;
    for (let step = 0; step < 20_000; step++) {
      const sigma = 60 * Math.sqrt((step + 0.5) / 20_000);
      sum += normalShareBelow(70 / sigma) - normalShareBelow(-40 / sigma);
    }
    expect(Math.abs(expectedTimeInRange(view, range, 3600) - sum / 20_000)).toBeLessThan(1e-3);
  });
});

it('tells how long a range lasts around the price as simulated walks leave it', () => {
  const next = gaussians(11);
  const [walks, stepS, half] = [2_000, 5, 60];
  let allS = 0;
  for (let walk = 0; walk < walks; walk++) {
    for (let tick = 0; Math.abs(tick) < half; tick += next() * Math.sqrt(stepS)) allS += stepS;
  }
  const lifeS = expectedLifeS(view, { tickLower: 940, tickUpper: 1060 });
  expect(lifeS).toBe(3600);
  // A walk in steps is seen outside a little late: by 0.58 of a step's deviation at each end.
  expect(allS / walks / (half + 0.58 * Math.sqrt(stepS)) ** 2).toBeCloseTo(1, 1);
});

it('is all of it in a range without an end and nothing far away, never less or more', () => {
  expect(expectedTimeInRange(view, { tickLower: -800_000, tickUpper: 800_000 }, 86_400)).toBeCloseTo(1, 9);
  expect(expectedTimeInRange(view, { tickLower: 100_000, tickUpper: 100_100 }, 86_400)).toBe(0);
});

it('knows the normal distribution to 2e-7', () => {
  for (const [deviations, share] of [
    [0, 0.5],
    [1, 0.841344746],
    [-1.959964, 0.025],
    [3, 0.998650102],
  ] as const) {
    expect(Math.abs(normalShareBelow(deviations) - share)).toBeLessThan(2e-7);
  }
});
