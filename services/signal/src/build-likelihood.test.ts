import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { buildLikelihood } from './build-likelihood.ts';

const settings = {
  degreesOfFreedom: 4,
  slowHalfLifeS: 86_400,
  fastHalfLifeS: 7200,
  departure: 0.6,
  tailFactor: 1,
  estimationFactor: 1,
  minReturns: 12,
  fallbackVolatilityAnnual: 0.8,
  minVolatilityAnnual: 0.05,
  volatilityWidening: 1.25,
};
const zigzag = (count: number, step: number) =>
  Array.from({ length: count }, (_, index) => 3000 * Math.exp(index % 2 === 0 ? 0 : step));
/** Steps of one size count for more than their square: the mean power of a normal's is lower. */
const EQUAL_STEPS = 0.860_040_17 ** (-2 / 3);
const yearly = (step: number) => EQUAL_STEPS * step * Math.sqrt((365 * 86_400) / 300);

describe('the likelihood', () => {
  it('annualises the volatility of the candles and scales it to the horizon', () => {
    const found = buildLikelihood(sampleObserved({ closesUsd: zigzag(200, 0.001) }), settings, 3600);
    expect(found.volatilityAnnual).toBeCloseTo(yearly(0.001), 4);
    expect(found.candles).toBe(199);
    const deviation = EQUAL_STEPS * 0.001 * Math.sqrt(12);
    expect(found.sigmaLog * Math.sqrt(4 / 2)).toBeCloseTo(deviation, 6);
    expect(found.centerLog).toBeCloseTo(Math.log(3000), 12);
  });

  it('believes new candles more than old ones', () => {
    const calmThenWild = [...zigzag(60, 0.0005), ...zigzag(60, 0.002)];
    const found = buildLikelihood(sampleObserved({ closesUsd: calmThenWild }), settings, 3600);
    const half = ((yearly(0.0005) ** 1.5 + yearly(0.002) ** 1.5) / 2) ** (2 / 3);
    expect(found.volatilityAnnual).toBeGreaterThan(half);
    expect(found.volatilityAnnual).toBeLessThan(yearly(0.002));
  });

  it.each([0, 1])('is the fallback with %i candles', (count) => {
    const found = buildLikelihood(sampleObserved({ closesUsd: zigzag(count, 0) }), settings, 3600);
    expect(found).toMatchObject({ candles: 0 });
    expect(found.volatilityAnnual).toBeCloseTo(0.8, 9);
  });

  it('moves from the fallback to the candles as they come in', () => {
    const volatility = (count: number) =>
      buildLikelihood(sampleObserved({ closesUsd: zigzag(count, 0.0001) }), settings, 3600).volatilityAnnual;
    expect(volatility(4)).toBeGreaterThan(volatility(8));
    expect(volatility(8)).toBeGreaterThan(volatility(13));
    expect(volatility(13)).toBeCloseTo(volatility(100), 9);
  });

  it('keeps the floor in a market that stands still, and survives a price of nothing', () => {
    const still = buildLikelihood(sampleObserved({ closesUsd: zigzag(100, 0) }), settings, 3600);
    expect(still.volatilityAnnual).toBe(0.05);
    const broken = buildLikelihood(sampleObserved({ closesUsd: [3000, 0, 3000, 3001] }), settings, 3600);
    expect(broken.candles).toBe(1);
    expect(broken.sigmaLog).toBeGreaterThan(0);
  });

  it('stays with the slow volatility while the fast one is within chance, and follows it beyond', () => {
    const at = (late: number) =>
      buildLikelihood(sampleObserved({ closesUsd: [...zigzag(240, 0.001), ...zigzag(48, late)] }), settings, 3600);
    const same = at(0.0012);
    expect(same.volatilityAnnual).toBe(same.slowAnnual);
    const wild = at(0.004);
    expect(wild.volatilityAnnual).toBeGreaterThan(1.4 * (wild.slowAnnual ?? 0));
    expect(wild.volatilityAnnual).toBeLessThan(wild.fastAnnual ?? 0);
    const quiet = at(0.0001);
    expect(quiet.volatilityAnnual).toBeLessThan(0.8 * (quiet.slowAnnual ?? 0));
    expect(quiet.volatilityAnnual).toBeGreaterThan(0.5 * (quiet.slowAnnual ?? 0));
  });

  it('is wider under a volatility trigger and under no other, and says so', () => {
    const of = (trigger: 'volatility' | 'gas') =>
      buildLikelihood(sampleObserved({ trigger, closesUsd: zigzag(200, 0.001) }), settings, 3600);
    expect(of('volatility').sigmaLog / of('gas').sigmaLog).toBeCloseTo(1.25, 12);
    expect([of('volatility').widening, of('gas').widening]).toEqual([1.25, 1]);
  });

  it('is wider by the factor for its own uncertainty', () => {
    const of = (estimationFactor: number) =>
      buildLikelihood(sampleObserved({ closesUsd: zigzag(200, 0.001) }), { ...settings, estimationFactor }, 3600);
    expect(of(1.05).sigmaLog / of(1).sigmaLog).toBeCloseTo(1.05, 12);
    expect(of(1.05).volatilityAnnual).toBe(of(1).volatilityAnnual);
  });

  it('finds the deviation of normal returns, and of heavier tails by their factor', () => {
    // Quantiles of a normal, in an order that mixes them.
    const normal = Array.from({ length: 288 }, (_, index) => {
      const share = (((index * 101) % 288) + 0.5) / 288;
      const t = Math.sqrt(-2 * Math.log(Math.min(share, 1 - share)));
      const tail = t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t);
      return share < 0.5 ? -tail : tail;
    });
    let log = Math.log(3000);
    const closesUsd = normal.map((value) => {
      log += 0.001 * value;
      return Math.exp(log);
    });
    const of = (tailFactor: number) =>
      buildLikelihood(sampleObserved({ closesUsd }), { ...settings, slowHalfLifeS: 1e12, tailFactor }, 3600);
    expect((of(1).slowAnnual ?? 0) / (0.001 * Math.sqrt((365 * 86_400) / 300))).toBeCloseTo(1, 1);
    expect(of(1.09).volatilityAnnual / of(1).volatilityAnnual).toBeCloseTo(1.09, 9);
  });
});
