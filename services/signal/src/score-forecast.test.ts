import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { constantVolatility, ewmaRandomWalk } from './baseline-forecasts.ts';
import { calibrate, compareScores } from './calibrate.ts';
import { scoreNormal, scorePosterior } from './score-forecast.ts';
import { updatePosterior } from './update-posterior.ts';

const NORMAL = Number.POSITIVE_INFINITY;
const nowLog = Math.log(3000);

describe.each([0, 1] as const)('scores of a posterior with the dollar as token%i', (stable) => {
  const { pool } = sampleObserved({ stable, tickSpacing: 1 }).market;
  const normal = { centerLog: nowLog + 0.002, sigmaLog: 0.01 };
  const posterior = updatePosterior([{ ...normal, degreesOfFreedom: NORMAL, weight: 1 }], pool, 4096);

  it.each([-0.06, -0.02, -0.001, 0.002, 0.015, 0.07])('are those of the normal it is, %f away', (away) => {
    const outcome = { log: nowLog + away, nowLog };
    const [found, known] = [scorePosterior(posterior, pool, outcome), scoreNormal(normal, outcome)];
    expect(found.pit).toBeCloseTo(known.pit, 4);
    expect(found.crps).toBeCloseTo(known.crps, 6);
    expect(found.directionBrier).toBeCloseTo(known.directionBrier, 4);
    expect(Math.abs(found.logScore - known.logScore)).toBeLessThan(0.05);
    expect(found.ranges.map(({ held }) => held)).toEqual(known.ranges.map(({ held }) => held));
    for (const { coverage, promised } of found.ranges) {
      expect(promised).toBeGreaterThanOrEqual(coverage);
      expect(promised).toBeLessThan(coverage + 0.01);
    }
  });

  it('count the distance to an outcome beyond the grid', () => {
    const far = scorePosterior(posterior, pool, { log: nowLog + 1, nowLog });
    expect(far).toMatchObject({ pit: 1, logScore: Math.log(1e-6) });
    expect(far.crps).toBeCloseTo(0.998 - 0.01 / Math.sqrt(Math.PI), 5);
  });
});

it('the ranked score is what a sum over a fine grid says, wherever the outcome lies', () => {
  const { pool } = sampleObserved({ stable: 1 }).market;
  const anyMasses = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 })
    .filter((m) => m.some(Boolean));
  fc.assert(
    fc.property(anyMasses, fc.double({ min: -3, max: 15, noNaN: true }), (weights, place) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const masses = Float64Array.from(weights, (weight) => weight / total);
      const binLog = 10 * Math.log(1.0001);
      const firstLog = pool.tick * Math.log(1.0001) + 12 * Math.LN10;
      const posterior = { firstTick: pool.tick, binTicks: 10, masses, centerLog: 0, sigmaLog: 1 };
      const { crps } = scorePosterior(posterior, pool, { log: firstLog + place * binLog, nowLog: firstLog });
      const [from, to, steps] = [-3, 15, 18_000];
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        const x = from + ((step + 0.5) * (to - from)) / steps;
        const below = masses.reduce((share, mass, bin) => share + mass * Math.min(1, Math.max(0, x - bin)), 0);
        sum += (below - (x >= place ? 1 : 0)) ** 2;
      }
      expect(crps / binLog).toBeCloseTo((sum * (to - from)) / steps, 2);
    }),
    { numRuns: 60 },
  );
});

describe('calibration', () => {
  /** Outcomes at the very quantiles of a normal: what a calibrated forecast sees. */
  const quantiles = Array.from({ length: 2000 }, (_, index) => (index + 0.5) / 2000);
  const inverse = (share: number) => {
    let [low, high] = [-8, 8];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (scoreNormal({ centerLog: 0, sigmaLog: 1 }, { log: middle, nowLog: 0 }).pit < share) low = middle;
      else high = middle;
    }
    return low;
  };
  const scoresAt = (sigmaLog: number) =>
    quantiles.map((share) => scoreNormal({ centerLog: 0, sigmaLog }, { log: inverse(share), nowLog: 0 }));

  it('sees what it was promised from a forecast that is right', () => {
    const found = calibrate(scoresAt(1));
    for (const { coverage, hitRate, hitRateLow, hitRateHigh, centralHitRate } of found.ranges) {
      expect(hitRate).toBeCloseTo(coverage, 2);
      expect(centralHitRate).toBe(hitRate);
      expect(hitRateLow).toBeLessThan(coverage);
      expect(hitRateHigh).toBeGreaterThan(coverage);
    }
    expect(found.pitCounts).toEqual(Array(10).fill(200));
    expect(found.directionBrier).toBeCloseTo(0.25, 9);
    expect(found.crps).toBeCloseTo(1 / Math.sqrt(Math.PI), 2);
  });

  it.each([0.5, 2])('rewards nobody for a width of %f times the truth', (factor) => {
    const [right, wrong] = [scoresAt(1), scoresAt(factor)];
    const crps = compareScores(right, wrong, 'crps');
    expect(crps.difference).toBeLessThan(-2 * crps.standardError);
    expect(compareScores(right, wrong, 'logScore').difference).toBeGreaterThan(0);
    const { ranges } = calibrate(wrong);
    expect(factor < 1 ? ranges[2]?.hitRateHigh : 1 - (ranges[2]?.hitRateLow ?? 1)).toBeLessThan(factor < 1 ? 0.9 : 0.1);
  });
});

describe('the baselines', () => {
  const closesUsd = Array.from({ length: 100 }, (_, index) => 3000 * Math.exp(index % 2 === 0 ? 0 : 0.001));
  const { candles, candleSeconds } = sampleObserved({ closesUsd });

  it('scale what they know to the horizon by the root of time', () => {
    const walk = ewmaRandomWalk({ priceUsd: 3000, candles, candleSeconds }, { horizonS: 3600, decay: 0.94 });
    expect(walk?.sigmaLog).toBeCloseTo(0.001 * Math.sqrt(12), 6);
    const constant = constantVolatility(3000, 0.5, { horizonS: 365 * 86_400 });
    expect(constant).toEqual({ centerLog: Math.log(3000), sigmaLog: 0.5 });
  });

  it('say nothing without candles that moved', () => {
    expect(ewmaRandomWalk({ priceUsd: 3000, candles: [], candleSeconds }, { horizonS: 60, decay: 0.9 })).toBeNull();
  });
});
