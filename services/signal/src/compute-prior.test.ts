import { parseData, priorComputed } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { computePrior } from './compute-prior.ts';

const settings = { minSigmaLog: 0.0001, spotSigmaLog: 0.02, volatilityWidening: 2 };
const span = { horizonS: 3600, blockTimeS: 12 };

describe.each([0, 1] as const)('the prior with the dollar as token%i', (stable) => {
  it('is centred on the dollar-weighted mean of the log prices', () => {
    const trades = [
      { priceUsd: 2900, usd: 10_000 },
      { priceUsd: 3100, usd: 30_000 },
    ];
    const prior = computePrior(sampleObserved({ stable, trades }), settings, span);
    const mean = 0.25 * Math.log(2900) + 0.75 * Math.log(3100);
    expect(prior.centerLog).toBeCloseTo(mean, 9);
    expect(prior.centerUsdE6 / 1e6).toBeCloseTo(Math.exp(mean), 4);
    const variance = 0.25 * (Math.log(2900) - mean) ** 2 + 0.75 * (Math.log(3100) - mean) ** 2;
    expect(prior.sigmaLog).toBeCloseTo(Math.sqrt(variance * (6 * 3 + 2)), 9);
    expect(prior).toMatchObject({ source: 'vwap', blocksWithTrades: 2, volumeUsdE6: 40_000_000_000, widening: 1 });
  });

  it('falls back to the pool’s price without trades', () => {
    const prior = computePrior(sampleObserved({ stable, trades: [] }), settings, span);
    expect(prior).toMatchObject({ source: 'spot', centerUsdE6: 3_000_000_000, sigmaLog: 0.02, volumeUsdE6: 0 });
    expect(prior.centerLog).toBeCloseTo(Math.log(3000), 12);
  });
});

describe('the scale of the prior', () => {
  it('never falls below the floor', () => {
    const one = sampleObserved({ trades: [{ priceUsd: 3000, usd: 5 }] });
    expect(computePrior(one, { ...settings, minSigmaLog: 0.005 }, span).sigmaLog).toBe(0.005);
  });

  it('is widened under a volatility trigger and under no other', () => {
    const calm = computePrior(sampleObserved(), settings, span);
    const wide = computePrior(sampleObserved({ trigger: 'volatility' }), settings, span);
    expect(wide.sigmaLog).toBeCloseTo(2 * calm.sigmaLog, 12);
    expect(wide.widening).toBe(2);
    expect(computePrior(sampleObserved({ trigger: 'gas' }), settings, span).widening).toBe(1);
  });
});

it('leaves out blocks in which one side of the trade was nothing', () => {
  const observed = sampleObserved();
  observed.vwapWindow.push({ block: 300, stable: 0n, volatile: 5n }, { block: 301, stable: 5n, volatile: 0n });
  expect(computePrior(observed, settings, span)).toEqual(computePrior(sampleObserved(), settings, span));
});

it('is a prior that the contract accepts', () => {
  const observed = sampleObserved();
  const data = { run: { ...observed.run, tokenId: '7' }, prior: computePrior(observed, settings, span) };
  expect(parseData(priorComputed, data).prior).toEqual(data.prior);
});
