import { describe, expect, it } from 'vitest';
import type { MarketBlock } from './market-block.ts';
import { defaultMarketOptions, type MarketOptions, marketBlocks } from './market-model.ts';
import { seededRandom } from './market-random.ts';

const blocksPerDay = 7_200;
const blocksPerYear = 365.25 * blocksPerDay;

function take(count: number, seed: number, options: Partial<MarketOptions> = {}): MarketBlock[] {
  const blocks: MarketBlock[] = [];
  for (const block of marketBlocks(seed, options)) {
    if (blocks.push(block) === count) break;
  }
  return blocks;
}

const externalUsd = (block: MarketBlock): number => {
  const [first] = block.swaps;
  if (first?.kind !== 'arbitrage') throw new Error('every model block begins with the arbitrage');
  return Number(first.priceUsdE6) / 1e6;
};

/** Log returns of the external price over `step` blocks. */
const returnsOf = (blocks: MarketBlock[], step: number): number[] => {
  const logs = blocks.filter((_, i) => i % step === 0).map((block) => Math.log(externalUsd(block)));
  return logs.slice(1).map((log, i) => log - (logs[i] ?? Number.NaN));
};

const noiseUsd = (blocks: MarketBlock[]): number[] =>
  blocks.flatMap((b) => b.swaps).flatMap((s) => (s.kind === 'amount' ? [Number(s.amountUsdE6) / 1e6] : []));

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: number[]): number => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
};
const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(q * values.length)] ?? Number.NaN;

function autocorrelation(values: number[], lag: number): number {
  const centre = mean(values);
  const deviations = values.map((value) => value - centre);
  const lagged = deviations.slice(lag).map((deviation, i) => deviation * (deviations[i] ?? Number.NaN));
  return lagged.reduce((sum, value) => sum + value, 0) / deviations.reduce((sum, value) => sum + value ** 2, 0);
}

describe('seeded draws', () => {
  it('are the same for a seed and differ for its neighbour', () => {
    const draws = (seed: number) => Array.from({ length: 20 }, seededRandom(seed).uniform);
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7).filter((draw, i) => draw === draws(8)[i])).toEqual([]);
  });

  it('have the moments of their distributions', () => {
    const random = seededRandom(3);
    const of = (draw: () => number) => Array.from({ length: 50_000 }, draw);
    const uniform = of(random.uniform);
    expect(Math.min(...uniform.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform.slice(0, 10_000))).toBeLessThan(1);
    expect(mean(uniform)).toBeCloseTo(0.5, 2);
    const normal = of(random.normal);
    expect(Math.abs(mean(normal))).toBeLessThan(0.02);
    expect(variance(normal)).toBeCloseTo(1, 1);
    const arrivals = of(() => random.poisson(1.7));
    expect(Math.abs(mean(arrivals) - 1.7)).toBeLessThan(0.03);
    expect(Math.abs(variance(arrivals) - 1.7)).toBeLessThan(0.06);
  });
});

describe('the market model', () => {
  const fortyDays = take(40 * blocksPerDay, 11);

  it('gives the same blocks for the same seed and others for another', () => {
    expect(take(500, 42)).toEqual(take(500, 42));
    expect(take(500, 42)).not.toEqual(take(500, 43));
  });

  it('makes a block every twelve seconds from the start asked for', () => {
    const times = take(4, 1, { startTimestampS: 1_000_000 }).map(({ timestampS }) => timestampS);
    expect(times).toEqual([1_000_000, 1_000_012, 1_000_024, 1_000_036]);
  });

  it.each([0.4, 1.0])('moves the external price with a yearly volatility of %d', (annualVolatility) => {
    const returns = returnsOf(take(40 * blocksPerDay, 5, { annualVolatility }), 1);
    const measured = Math.sqrt(variance(returns) * blocksPerYear);
    expect(Math.abs(measured / annualVolatility - 1)).toBeLessThan(0.12);
  });

  it('has volatility that clusters, heavy tails, and no trend in the returns', () => {
    const minutes = returnsOf(fortyDays, 5);
    const sizes = minutes.map(Math.abs);
    expect(autocorrelation(sizes, 1)).toBeGreaterThan(0.1);
    expect(autocorrelation(sizes, 3)).toBeGreaterThan(0.05);
    expect(Math.abs(autocorrelation(minutes, 1))).toBeLessThan(0.03);
    expect(mean(minutes.map((r) => r ** 4)) / variance(minutes) ** 2).toBeGreaterThan(5);
  });

  it('leaves a range of one percent to each side within about an hour', () => {
    const minutes = Array.from({ length: 200 }, (_, seed) => {
      let blocks = 0;
      for (const block of marketBlocks(seed)) {
        blocks++;
        if (Math.abs(Math.log(externalUsd(block) / 3_000)) > 0.01) break;
      }
      return blocks / 5;
    });
    expect(quantile(minutes, 0.5)).toBeGreaterThan(30);
    expect(quantile(minutes, 0.5)).toBeLessThan(60);
  });

  it('has arrivals and sizes of noise like the measured day, busier in its busy hours', () => {
    const counts = fortyDays.map((block) => block.swaps.length - 1);
    expect(Math.abs(mean(counts) / 0.75 - 1)).toBeLessThan(0.02);
    const inHours = (from: number, to: number) =>
      mean(counts.filter((_, i) => i % blocksPerDay >= from * 300 && i % blocksPerDay < to * 300));
    expect(inHours(13, 17) / inHours(6, 10)).toBeGreaterThan(1.2);
    const sizes = noiseUsd(fortyDays);
    expect(Math.abs(quantile(sizes, 0.5) / defaultMarketOptions.noiseMedianUsd - 1)).toBeLessThan(0.03);
    expect(quantile(sizes, 0.9) / quantile(sizes, 0.5)).toBeGreaterThan(15);
    expect(Math.max(...sizes.slice(0, 100_000))).toBe(defaultMarketOptions.noiseLargestUsd);
    const buys = fortyDays.flatMap((b) => b.swaps).filter((s) => s.kind === 'amount' && s.side === 'buy-weth');
    expect(Math.abs(buys.length / sizes.length - 0.5)).toBeLessThan(0.01);
  });

  it('comes to the measured day when volatility and pool are as on that day', () => {
    // Liquidity 1.16e19 at 2,270 dollars: 27,600 dollars move the price by a basis point.
    const usdPerBps = 27_600;
    const days = 5;
    let poolLog = Math.log(3_000);
    const sizes: number[] = [];
    const arbitrages: number[] = [];
    for (const block of take(days * blocksPerDay, 5, { annualVolatility: 0.5 })) {
      for (const swap of block.swaps) {
        if (swap.kind === 'to-price') continue;
        if (swap.kind === 'amount') {
          const usd = Number(swap.amountUsdE6) / 1e6;
          poolLog += ((swap.side === 'buy-weth' ? 1 : -1) * usd) / usdPerBps / 1e4;
          sizes.push(usd);
          continue;
        }
        const gapBps = 1e4 * (Math.log(externalUsd(block)) - poolLog);
        if (Math.abs(gapBps) <= swap.triggerBps) continue;
        const moveBps = Math.abs(gapBps) - swap.stopBps;
        poolLog += (Math.sign(gapBps) * moveBps) / 1e4;
        arbitrages.push(moveBps * usdPerBps);
      }
    }
    const all = [...sizes, ...arbitrages];
    // Measured: 0.852 swaps a block, 247 million dollars, a large class around 117,000 dollars, 90 % below 116,000.
    expect(Math.abs(all.length / (days * blocksPerDay) - 0.852)).toBeLessThan(0.12);
    expect(Math.abs((mean(all) * all.length) / days - 247e6)).toBeLessThan(50e6);
    expect(Math.abs(quantile(arbitrages, 0.5) - 117_000)).toBeLessThan(25_000);
    expect(Math.abs(quantile(all, 0.9) - 116_000)).toBeLessThan(30_000);
  });
});
