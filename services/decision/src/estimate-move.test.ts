import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleRecommendation } from '../test/sample-recommendation.ts';
import { gasCostUsdE6RoundingUp } from './estimate-gas-cost.ts';
import { estimateMove } from './estimate-move.ts';
import { inRangeShare } from './in-range-share.ts';

describe('the cost of gas', () => {
  it('is units times price, with its margin, and the fee of the layer below', () => {
    const market = {
      gas: { baseFeeWei: 10n ** 9n, priorityFeeWei: 10n ** 9n, l1FeeWei: 10n ** 15n },
      nativePriceUsdE6: 3_000_000_000,
    };
    // 500,000 * 2 gwei + 0.001 coin = 0.002 coin = 6 USD, and a quarter more.
    expect(gasCostUsdE6RoundingUp(market, 500_000, 2500)).toBe(7_500_000);
  });

  it('is rounded up: one wei costs one micro-dollar', () => {
    const market = { gas: { baseFeeWei: 1n, priorityFeeWei: 0n, l1FeeWei: 0n }, nativePriceUsdE6: 1 };
    expect(gasCostUsdE6RoundingUp(market, 1, 0)).toBe(1);
  });

  it('never falls short of the exact cost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 10 ** 11 }),
        fc.integer({ min: 0, max: 50_000 }),
        (units, baseFeeWei, nativePriceUsdE6, marginBps) => {
          const market = { gas: { baseFeeWei, priorityFeeWei: 7n, l1FeeWei: 11n }, nativePriceUsdE6 };
          const exact =
            (BigInt(units) * (baseFeeWei + 7n) + 11n) * BigInt(10_000 + marginBps) * BigInt(nativePriceUsdE6);
          const found = BigInt(gasCostUsdE6RoundingUp(market, units, marginBps)) * 10_000n * 10n ** 18n;
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found - exact).toBeLessThan(10_000n * 10n ** 18n);
        },
      ),
    );
  });
});

describe.each([0, 1] as const)('a move with the dollar as token%i', (stable) => {
  it('swaps about half of a position that has become one token', () => {
    const from = sampleRecommendation({ stable, feesUsd: 0 });
    const { swapUsdE6, swapCostUsdE6 } = estimateMove(from, 5);
    const half = from.market.position.valueUsdE6 / 2;
    expect(swapUsdE6 / half).toBeGreaterThan(0.95);
    expect(swapUsdE6 / half).toBeLessThan(1.05);
    expect(swapCostUsdE6).toBe(Math.ceil((swapUsdE6 * (500 + 500)) / 1e6));
  });

  it('swaps next to nothing when the range stays', () => {
    const from = sampleRecommendation({ stable, position: [-200, 200], range: [-200, 200], feesUsd: 0 });
    const { swapUsdE6 } = estimateMove(from, 5);
    expect(swapUsdE6).toBeLessThan(from.market.position.valueUsdE6 / 10_000);
  });

  it('expects the volume’s fees, less the protocol’s quarter, by share of liquidity and of time', () => {
    const from = sampleRecommendation({ stable, position: [-200, 200], range: [-200, 200], feesUsd: 0 });
    const { liquidity } = from.market.position;
    const share = Number(liquidity) / Number(from.market.pool.liquidity);
    const expected = 100_000_000 * 0.0005 * 0.75 * share * 0.91;
    const { feesPerDayNowUsdE6, feesPerDayThenUsdE6 } = estimateMove(from, 5);
    expect((feesPerDayNowUsdE6 ?? 0) / 1e6).toBeCloseTo(expected, 2);
    expect((feesPerDayThenUsdE6 ?? 0) / (feesPerDayNowUsdE6 ?? 1)).toBeCloseTo(1, 3);
  });

  it('expects more of a narrower range and nothing of one the price will not reach', () => {
    const perDay = (range: readonly [number, number]) =>
      estimateMove(sampleRecommendation({ stable, range }), 5).feesPerDayThenUsdE6 ?? 0;
    expect(perDay([-100, 100])).toBeGreaterThan(1.8 * perDay([-200, 200]));
    const far = estimateMove(sampleRecommendation({ stable, position: [-3000, -2000] }), 5);
    expect(far.feesPerDayNowUsdE6).toBeLessThan(100);
  });

  it('knows no fees without the volume', () => {
    const move = estimateMove(sampleRecommendation({ stable, volumePerDayUsd: null }), 5);
    expect(move).toMatchObject({ feesPerDayNowUsdE6: null, feesPerDayThenUsdE6: null });
  });
});

describe('the share of the posterior in a range', () => {
  it('is the recommendation’s own for its range', () => {
    const from = sampleRecommendation();
    expect(inRangeShare(from, from.range)).toBe(0.91);
  });

  it.each([0, 1] as const)('is the normal distribution’s for another, dollar as token%i', (stable) => {
    const from = sampleRecommendation({ stable });
    const tick = from.market.pool.tick;
    const sigmaTicks = Math.round(0.01 / Math.log(1.0001));
    expect(inRangeShare(from, { tickLower: tick - sigmaTicks, tickUpper: tick + sigmaTicks })).toBeCloseTo(0.6827, 2);
    expect(inRangeShare(from, { tickLower: tick - 600, tickUpper: tick + 600_000 })).toBeLessThanOrEqual(1);
  });
});
