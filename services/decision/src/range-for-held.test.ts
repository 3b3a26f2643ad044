import { liquidityForAmounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { isOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleRecommendation } from '../test/sample-recommendation.ts';
import { poolInNumbers } from './pool-in-numbers.ts';
import { rangeForHeld } from './range-for-held.ts';

describe.each([0, 1] as const)('with the dollar as token%i', (stable) => {
  const { pool: market } = sampleRecommendation({ stable }).market;
  const pool = poolInNumbers(market);

  /** What is held for so many dollars of which this share is token0. */
  const heldFor = (usd: number, share0: number) => ({
    amount0: Math.floor((usd * 1e6 * share0) / pool.token0UsdE6),
    amount1: Math.floor((usd * 1e6 * (1 - share0)) / pool.token1UsdE6),
  });
  const ask = (share0: number, widthTicks: number, { gapTicks = 10, tickSpacing = 10 } = {}) =>
    rangeForHeld({ pool, held: heldFor(20_000, share0), ...{ widthTicks, tickSpacing, gapTicks } });

  it('takes what is held up to what the grid leaves, is on the grid and keeps its ends from the price', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 20, max: 4000 }),
        fc.constantFrom(10, 60),
        (share0, widthTicks, tickSpacing) => {
          const width = Math.max(widthTicks, 8 * tickSpacing);
          const found = ask(share0, width, { tickSpacing });
          if (found === null) return;
          const { tickLower, tickUpper, liquidity, idleUsdE6 } = found;
          expect(isOnGrid(tickLower, tickSpacing) && isOnGrid(tickUpper, tickSpacing)).toBe(true);
          expect(Math.abs(tickUpper - tickLower - width)).toBeLessThanOrEqual(2 * tickSpacing);
          for (const end of [tickLower, tickUpper]) expect(Math.abs(end - pool.tick)).toBeGreaterThanOrEqual(10);
          expect(idleUsdE6).toBeLessThan(20_000e6 * Math.max(0.05, (2 * tickSpacing) / width));
          const { amount0, amount1 } = heldFor(20_000, share0);
          const minted = liquidityForAmounts({
            ...{ tickLower, tickUpper, sqrtPriceX96: market.sqrtPriceX96 },
            ...{ amount0: BigInt(amount0), amount1: BigInt(amount1) },
          });
          expect(Number(minted) / liquidity).toBeCloseTo(1, 4);
        },
      ),
    );
  });

  it('puts the price where the ratio is: in the middle for half and half', () => {
    const found = ask(0.5, 400);
    expect(Math.abs((found?.tickLower ?? 0) + 200 - pool.tick)).toBeLessThanOrEqual(10);
  });

  it('places one token alone beside the price, also with a little of the other as fees', () => {
    for (const dust of [0, 0.01]) {
      const above = ask(1 - dust, 400);
      expect(above?.tickLower).toBeGreaterThanOrEqual(pool.tick + 10);
      expect(above?.tickLower).toBeLessThan(pool.tick + 21);
      const below = ask(dust, 400);
      expect(below?.tickUpper).toBeLessThanOrEqual(pool.tick - 10);
      expect(below?.tickUpper).toBeGreaterThan(pool.tick - 21);
      expect((below?.tickUpper ?? 0) - (below?.tickLower ?? 0)).toBe(400);
    }
  });

  it('is null for nothing and at the end of all prices', () => {
    expect(
      rangeForHeld({ pool, held: { amount0: 0, amount1: 0 }, widthTicks: 400, tickSpacing: 10, gapTicks: 0 }),
    ).toBe(null);
    const edge = { ...pool, tick: 887_250, root: Math.exp((887_250 * Math.log(1.0001)) / 2) };
    expect(
      rangeForHeld({ pool: edge, held: heldFor(20_000, 1), widthTicks: 400, tickSpacing: 10, gapTicks: 10 }),
    ).toBeNull();
  });
});
