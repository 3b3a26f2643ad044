import type { PricedOption } from '@rangeward/contracts';
import { liquidityForAmounts, swapToRatio } from '@rangeward/uniswap-v3/liquidity-amounts';
import { describe, expect, it } from 'vitest';
import { type Sample, sampleRecommendation } from '../test/sample-recommendation.ts';
import { decisionSettings } from './config.ts';
import { type Options, priceOptions } from './price-options.ts';

const settings = decisionSettings.parse({});

const DAY_S = 86_400;

/** Staying over a day, and the moves over their own time. */
function optionsOf(sample: Partial<Sample> = {}) {
  const from = sampleRecommendation(sample);
  return listed(priceOptions(from, from.posterior, [from.range], settings));
}
function listed({ hold, collect, exit, rebalances, withoutSwap }: Options) {
  return { hold: hold(DAY_S), collect: collect(DAY_S), exit: exit(DAY_S), rebalances, withoutSwap };
}
function each(sample: Partial<Sample>): PricedOption[] {
  const { hold, collect, exit, rebalances, withoutSwap } = optionsOf(sample);
  return [hold, collect, exit, ...rebalances, ...(withoutSwap === null ? [] : [withoutSwap])];
}

describe.each([0, 1] as const)('with the dollar as token%i', (stable) => {
  it.each<Partial<Sample>>([
    {},
    { position: [-200, 200] },
    { position: [300, 900], feesUsd: 40 },
    { volatilityAnnual: 2, baseFeeGwei: 80 },
  ])('a person can redo every sum from what stands there: %o', (sample) => {
    for (const option of each({ stable, ...sample })) {
      const { feesUsdE6, lvrUsdE6, gasUsdE6, swapCostUsdE6, netUsdE6 } = option;
      expect(netUsdE6).toBe((feesUsdE6 ?? 0) - lvrUsdE6 - gasUsdE6 - swapCostUsdE6);
      const days = option.horizonS / 86_400;
      expect(feesUsdE6).toBe(Math.floor((option.poolFeesPerDayUsdE6 ?? 0) * option.share * option.timeInRange * days));
      expect(option.netPerDayUsdE6).toBe(Math.floor((netUsdE6 ?? 0) / days));
    }
  });

  it('collecting is holding that costs gas; leaving earns and loses nothing but its gas', () => {
    const { hold, collect, exit } = optionsOf({ stable });
    expect(collect).toEqual({
      ...hold,
      ...{ kind: 'collect', gasUsdE6: collect.gasUsdE6, netUsdE6: (hold.netUsdE6 ?? 0) - collect.gasUsdE6 },
      netPerDayUsdE6: (hold.netPerDayUsdE6 ?? 0) - collect.gasUsdE6,
    });
    expect(exit).toMatchObject({ range: null, liquidity: 0n, feesUsdE6: 0, lvrUsdE6: 0, netUsdE6: -exit.gasUsdE6 });
  });

  it('with a swap buys the liquidity that the contracts would give, and sells about half of one token', () => {
    const from = sampleRecommendation({ stable, feesUsd: 0 });
    const { pool, position } = from.market;
    const moved = priceOptions(from, from.posterior, [from.range], settings).rebalances[0];
    const at = { sqrtPriceX96: pool.sqrtPriceX96, feePips: 500, ...from.range };
    const after = swapToRatio({ ...position, ...at, activeLiquidity: pool.liquidity });
    const minted = liquidityForAmounts({ ...at, ...after, sqrtPriceX96: after.sqrtPriceAfterX96 });
    expect(Number(moved?.liquidity) / Number(minted)).toBeCloseTo(1, 3);
    expect((moved?.swapUsdE6 ?? 0) / position.valueUsdE6).toBeGreaterThan(0.47);
    expect((moved?.swapUsdE6 ?? 0) / position.valueUsdE6).toBeLessThan(0.53);
    expect(moved?.swapCostUsdE6).toBe(Math.ceil(((moved?.swapUsdE6 ?? 0) * (500 + 500)) / 1e6));
  });

  it('without a swap costs no swap, and waits on the side that is held', () => {
    const { withoutSwap } = optionsOf({ stable });
    const { tick } = sampleRecommendation({ stable }).market.pool;
    expect(withoutSwap).toMatchObject({ swapUsdE6: 0, swapCostUsdE6: 0 });
    expect(withoutSwap?.range?.tickUpper).toBeLessThanOrEqual(tick);
  });

  it('prices a move over the time that its range lasts', () => {
    const from = sampleRecommendation({ stable });
    const middle = from.range.tickLower + 200;
    const ranges = [10, 100, 200, 6000].map((half) => ({ tickLower: middle - half, tickUpper: middle + half }));
    const { rebalances } = priceOptions(from, from.posterior, ranges, settings);
    const [least, narrow, wide, forEver] = rebalances.map(({ horizonS }) => horizonS);
    // A deviation of 30 % a year is 1.57 % a day: a percent to each side lasts 0.405 days, and the square of the width counts.
    expect(narrow).toBeCloseTo((Math.log(1.0001 ** 100) / 0.3) ** 2 * 365 * DAY_S, -1);
    expect((wide ?? 0) / (narrow ?? 1)).toBeCloseTo(4, 3);
    expect([least, forEver]).toEqual([600, settings.value.horizonS]);
  });

  it('without a swap is as wide as nets most a day', () => {
    const from = sampleRecommendation({ stable });
    const { tickLower, tickUpper } = from.range;
    const wide = { tickLower: tickLower - 600, tickUpper: tickUpper + 600 };
    const netOf = (ranges: readonly (typeof wide)[]) =>
      priceOptions(from, from.posterior, ranges, settings).withoutSwap?.netPerDayUsdE6 ?? 0;
    expect(netOf([from.range])).not.toBe(netOf([wide]));
    expect(netOf([from.range, wide])).toBe(Math.max(netOf([from.range]), netOf([wide])));
  });

  it('earns more a day in a narrower range and loses more in it', () => {
    const of = (range: readonly [number, number]) => optionsOf({ stable, range }).rebalances[0];
    const [narrow, wide] = [of([-100, 100]), of([-1000, 1000])];
    expect(narrow?.share).toBeGreaterThan(8 * (wide?.share ?? 1));
    expect((narrow?.lvrUsdE6 ?? 0) / (narrow?.horizonS ?? 1)).toBeGreaterThan(
      2 * ((wide?.lvrUsdE6 ?? 1) / (wide?.horizonS ?? 1)),
    );
    expect(narrow?.timeInRange).toBeLessThan(wide?.timeInRange ?? 0);
  });

  it('shows the loss that a move makes final, in no sum; holding makes nothing final', () => {
    const from = sampleRecommendation({ stable });
    from.market.position.hodlUsdE6 = from.market.position.valueUsdE6 + 123_000_000;
    from.market.position.idleUsdE6 = 3_000_000;
    const { hold, exit, rebalances } = listed(priceOptions(from, from.posterior, [from.range], settings));
    const final = -120_000_000 - from.market.position.feesUsdE6;
    expect(rebalances[0]?.realisedIlUsdE6).toBe(final);
    expect(exit.realisedIlUsdE6).toBe(final);
    expect(hold.realisedIlUsdE6).toBeNull();
    expect(rebalances[0]?.netUsdE6).toBe(optionsOf({ stable }).rebalances[0]?.netUsdE6);
  });

  it('knows no fees and no net without volume and growth', () => {
    for (const option of each({ stable, volumePerDayUsd: null })) {
      expect(option).toMatchObject({ poolFeesPerDayUsdE6: null, feesUsdE6: null, netUsdE6: null });
    }
  });
});

it('prices a mirrored pool the same, to a hundredth of a percent of the value', () => {
  // On the grid the mirrored ranges are not quite the same: one ends where the other begins.
  const [a, b] = ([0, 1] as const).map((stable) =>
    optionsOf({ stable, range: [-1000, 1000], position: [-1000, 1000] }),
  );
  if (a === undefined || b === undefined) throw new Error('two were asked for');
  for (const [first, second] of [
    [a.hold, b.hold],
    [a.rebalances[0], b.rebalances[0]],
    [a.exit, b.exit],
  ]) {
    const value = sampleRecommendation({ position: [-1000, 1000] }).market.position.valueUsdE6;
    expect(Math.abs((first?.netUsdE6 ?? 0) - (second?.netUsdE6 ?? 1))).toBeLessThan(value / 10_000);
  }
});
