import { parseData, recommendation } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Observed, sampleObserved } from '../test/sample-observed.ts';
import { computePrior } from './compute-prior.ts';
import { signalSettings } from './config.ts';
import { recommend } from './recommend.ts';

const settings = { ...signalSettings.parse({}), blockTimeS: 12 };
const nobodyAsked = { kind: 'none', reason: 'off', detail: 'no model is asked' } as const;
const recommended = (observed: Observed) =>
  recommend(observed, computePrior(observed, settings.prior, settings), settings, nobodyAsked);

it('is a recommendation that the contract accepts, around the price', () => {
  const data = recommended(sampleObserved());
  expect(parseData(recommendation, z.encode(recommendation.schema, data))).toEqual(data);
  expect(data.range.lowerUsdE6).toBeLessThan(3_000_000_000);
  expect(data.range.upperUsdE6).toBeGreaterThan(3_000_000_000);
  expect(data.range.mass).toBeGreaterThanOrEqual(0.9);
  expect(data.volumePerDayUsdE6).toBe((1e9 * 86_400) / 300);
});

it('gives the same bits for the same input', () => {
  const wire = () => JSON.stringify(z.encode(recommendation.schema, recommended(sampleObserved({ trigger: 'gas' }))));
  expect(wire()).toBe(wire());
});

it('says the same dollars in both token orders, give or take one tick spacing', () => {
  const [first, second] = ([0, 1] as const).map((stable) => recommended(sampleObserved({ stable })));
  const spacing = 10 * Math.log(1.0001);
  expect(second?.posterior.centerLog).toBeCloseTo(first?.posterior.centerLog ?? 0, 5);
  for (const end of ['lowerUsdE6', 'upperUsdE6'] as const) {
    const apart = Math.abs(Math.log((first?.range[end] ?? 0) / (second?.range[end] ?? 1)));
    expect(apart).toBeLessThanOrEqual(spacing * 1.01);
  }
});

it('still recommends without candles and without trades', () => {
  const data = recommended(sampleObserved({ closesUsd: [], trades: [] }));
  expect(data.prior.source).toBe('spot');
  expect(data.range.mass).toBeGreaterThanOrEqual(0.9);
  expect(data).not.toHaveProperty('volumePerDayUsdE6');
});

it('widens the range when the market gets wilder', () => {
  const width = (step: number) => {
    const closesUsd = Array.from({ length: 100 }, (_, index) => 3000 * Math.exp(index % 2 === 0 ? 0 : step));
    const { range } = recommended(sampleObserved({ closesUsd }));
    return range.tickUpper - range.tickLower;
  };
  expect(width(0.004)).toBeGreaterThan(2 * width(0.001));
});

it('is wider in prior, likelihood, posterior and range under a volatility trigger', () => {
  const [calm, wide] = (['scheduled', 'volatility'] as const).map((trigger) =>
    recommended(sampleObserved({ trigger })),
  );
  if (calm === undefined || wide === undefined) throw new Error('two triggers, two recommendations');
  expect(wide.prior.sigmaLog).toBeCloseTo(2 * calm.prior.sigmaLog, 12);
  expect(wide.posterior.sigmaLog / calm.posterior.sigmaLog).toBeGreaterThan(1.2);
  const width = ({ range }: typeof calm) => range.tickUpper - range.tickLower;
  expect(width(wide)).toBeGreaterThan(1.1 * width(calm));
});

it('leans on the prior the more, the fewer candles there are', () => {
  const apart = (count: number) => {
    const closesUsd = Array.from({ length: count }, (_, index) => 3000 * Math.exp(0.0008 * Math.sin(index * 1.7)));
    const { prior, posterior } = recommended(sampleObserved({ closesUsd, trades: [{ priceUsd: 3030, usd: 1e6 }] }));
    return (prior.centerLog - posterior.centerLog) / (prior.centerLog - Math.log(3000));
  };
  expect(apart(2)).toBeLessThan(apart(100));
  expect(apart(100)).toBeLessThan(apart(288));
  expect(apart(288)).toBeLessThan(1);
});

it('says what other ranges would hold, the held one among them', () => {
  const observed = sampleObserved();
  const { alternatives = [], range } = recommended(observed);
  const { tickLower, tickUpper } = observed.market.position;
  expect(alternatives.map(({ kind }) => kind)).toEqual(['coverage', 'coverage', 'coverage', 'held-width', 'held']);
  expect(alternatives.slice(0, 3).map(({ coverage }) => coverage)).toEqual([0.5, 0.8, 0.95]);
  const [half, most, , moved, held] = alternatives;
  expect(held).toMatchObject({ tickLower, tickUpper });
  expect((moved?.tickUpper ?? 0) - (moved?.tickLower ?? 0)).toBe(tickUpper - tickLower);
  expect(moved?.mass).toBeGreaterThanOrEqual(held?.mass ?? 1);
  expect(half?.mass).toBeLessThan(most?.mass ?? 0);
  expect(most?.mass).toBeLessThan(range.mass);
});

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('calibration on random walks', () => {
  it.each([0.3, 0.6, 1.2])('holds the price an hour later in about 90 of 100 hours at volatility %f', (volatility) => {
    const uniform = seeded(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const hours = 600;
    let held = 0;
    for (let hour = 0; hour < hours; hour++) {
      const path = [Math.log(3000)];
      for (let minute = 0; minute < 780; minute++) {
        path.push((path.at(-1) ?? 0) + (normal() * volatility) / Math.sqrt(525_600));
      }
      const price = (minute: number) => Math.exp(path[minute] ?? 0);
      const { range } = recommended(
        sampleObserved({
          priceUsd: price(720),
          closesUsd: Array.from({ length: 145 }, (_, index) => price(index * 5)),
          trades: Array.from({ length: 20 }, (_, index) => ({
            priceUsd: price(701 + index),
            usd: 100 + 9e4 * uniform(),
          })),
        }),
      );
      const later = price(780) * 1e6;
      if (range.lowerUsdE6 <= later && later < range.upperUsdE6) held++;
    }
    expect(held / hours).toBeGreaterThan(0.86);
    expect(held / hours).toBeLessThan(0.94);
  });
});

it('takes well under a millisecond', () => {
  const observed = sampleObserved();
  for (let warm = 0; warm < 300; warm++) recommended(observed);
  const times = Array.from({ length: 300 }, () => {
    const begin = process.hrtime.bigint();
    recommended(observed);
    return Number(process.hrtime.bigint() - begin) / 1e6;
  }).sort((a, b) => a - b);
  expect(times[150]).toBeLessThan(1);
});
