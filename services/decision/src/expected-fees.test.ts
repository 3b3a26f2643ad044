import { tokensOwed } from '@rangeward/uniswap-v3/fee-growth';
import { burn, mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { createPool, type Pool, positionKey } from '@rangeward/uniswap-v3/pool-state';
import { swap } from '@rangeward/uniswap-v3/pool-swap';
import { describe, expect, it } from 'vitest';
import { type Recommendation, sampleRecommendation } from '../test/sample-recommendation.ts';
import { expectedFeesUsdE6RoundingDown, othersLiquidity, poolFeesPerDayUsdE6, shareOfFees } from './expected-fees.ts';
import { poolInNumbers } from './pool-in-numbers.ts';

const wide = { owner: 'others', tickLower: -887_220, tickUpper: 887_220 };
const OTHERS = 10n ** 19n;

/** A day of trade to and fro around the sample's price, the same in every pool. */
function trade(pool: Pool): void {
  for (let round = 0; round < 200; round++) {
    const zeroForOne = round % 2 === 0;
    const amountSpecified = zeroForOne ? AMOUNT.token0 : AMOUNT.token1;
    swap(pool, { zeroForOne, amountSpecified });
  }
}
const AMOUNT = { token0: 0n, token1: 0n };

function poolOf({ market: { pool } }: Recommendation): Pool {
  // About 30 ticks of the others' liquidity, which is what comes back with the next trade.
  const root = pool.sqrtPriceX96;
  AMOUNT.token0 = (OTHERS * 15n * (1n << 96n)) / (root * 10_000n);
  AMOUNT.token1 = (OTHERS * 15n * root) / ((1n << 96n) * 10_000n);
  const made = createPool({
    feePips: pool.feePips,
    tickSpacing: pool.tickSpacing,
    sqrtPriceX96: root,
    feeProtocol: pool.feeProtocol0 + (pool.feeProtocol1 << 4),
  });
  mint(made, { ...wide, liquidity: OTHERS });
  return made;
}

/** The recommendation with what the pool grew by in a day without us. */
function observed(stable: 0 | 1): Recommendation {
  const from = sampleRecommendation({ stable, poolLiquidity: OTHERS });
  const pool = poolOf(from);
  trade(pool);
  const recentFees = {
    windowS: 86_400,
    growth0X128: pool.feeGrowthGlobal0X128,
    growth1X128: pool.feeGrowthGlobal1X128,
  };
  return { ...from, market: { ...from.market, recentFees } };
}

describe.each([0, 1] as const)('with the dollar as token%i', (stable) => {
  const from = observed(stable);
  const numbers = poolInNumbers(from.market.pool);

  it.each([10n ** 15n, 10n ** 18n, 5n * 10n ** 18n])(
    'liquidity of %d earns what the pool would have paid it, the others diluted',
    (liquidity) => {
      const { tick } = from.market.pool;
      const grid = Math.floor(tick / 10) * 10;
      const own = { owner: 'own', tickLower: grid - 1000, tickUpper: grid + 1000 };
      const pool = poolOf(from);
      mint(pool, { ...own, liquidity });
      trade(pool);
      burn(pool, { ...own, liquidity: 0n });
      const paid = pool.positions.get(positionKey(own));
      const truth = Number(paid?.tokensOwed0) * numbers.token0UsdE6 + Number(paid?.tokensOwed1) * numbers.token1UsdE6;
      const expected = expectedFeesUsdE6RoundingDown({
        poolFeesPerDayUsdE6: poolFeesPerDayUsdE6(from, numbers) ?? 0,
        share: shareOfFees(Number(liquidity), othersLiquidity(from.market)),
        ...{ timeInRange: 1, horizonS: 86_400 },
      });
      expect(expected / truth).toBeGreaterThan(0.995);
      expect(expected / truth).toBeLessThan(1.005);
    },
  );

  it('has the protocol’s share out already: growth is what liquidity was paid', () => {
    const { recentFees } = from.market;
    const owed = tokensOwed(OTHERS, recentFees?.growth0X128 ?? 0n, 0n);
    const all = (AMOUNT.token0 * 100n * 500n) / 1_000_000n;
    expect(Number(owed) / Number(all)).toBeCloseTo(0.75, 3);
  });

  it('without growth takes the volume times the fee, less the protocol’s quarter', () => {
    const volume = sampleRecommendation({ stable, volumePerDayUsd: 100_000_000 });
    expect(poolFeesPerDayUsdE6(volume, numbers)).toBe(100_000_000e6 * 0.0005 * 0.75);
  });

  it('and without either knows nothing', () => {
    expect(poolFeesPerDayUsdE6(sampleRecommendation({ stable, volumePerDayUsd: null }), numbers)).toBeNull();
  });
});

it('leaves the own liquidity out of the others’ only while it is in range', () => {
  const inside = sampleRecommendation({ position: [-200, 200] }).market;
  const outside = sampleRecommendation().market;
  expect(othersLiquidity(inside)).toBe(Number(inside.pool.liquidity - inside.position.liquidity));
  expect(othersLiquidity(outside)).toBe(Number(outside.pool.liquidity));
  expect(shareOfFees(0, 0)).toBe(0);
  expect(shareOfFees(5, 0)).toBe(1);
});

it('rounds down', () => {
  const of = { poolFeesPerDayUsdE6: 1, share: 0.5, timeInRange: 0.9, horizonS: 86_400 };
  expect(expectedFeesUsdE6RoundingDown(of)).toBe(0);
});
