import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap } from '@rangeward/uniswap-v3/pool-swap';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Recommendation, sampleRecommendation } from '../test/sample-recommendation.ts';
import { expectedSwapCostUsdE6RoundingUp } from './expected-swap-cost.ts';
import { type PoolInNumbers, poolInNumbers } from './pool-in-numbers.ts';

type Market = Recommendation['market'];

/** A pool with the sample's liquidity near the price and less of it further out, as pools are. */
function poolOf({ pool }: Market, own = 0n): Pool {
  const made = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: pool.sqrtPriceX96 });
  const grid = Math.floor(pool.tick / 10) * 10;
  for (const [reach, share] of [
    [100_000, 20n],
    [2_000, 30n],
    [100, 50n],
  ] as const) {
    const range = { owner: `${reach}`, tickLower: grid - reach, tickUpper: grid + reach };
    mint(made, { ...range, liquidity: (pool.liquidity * share) / 100n });
  }
  if (own > 0n) mint(made, { owner: 'own', tickLower: grid - 2_000, tickUpper: grid + 2_000, liquidity: own });
  return made;
}

function truth(pool: Pool, numbers: PoolInNumbers, zeroForOne: boolean, amountIn: bigint): number {
  const { amount0, amount1 } = computeSwap(pool, { zeroForOne, amountSpecified: amountIn });
  return Number(amount0) * numbers.token0UsdE6 + Number(amount1) * numbers.token1UsdE6;
}

const rawOf = (numbers: PoolInNumbers, zeroForOne: boolean, usd: number) =>
  BigInt(Math.floor((usd * 1e6) / (zeroForOne ? numbers.token0UsdE6 : numbers.token1UsdE6)));

function quoted(market: Market, pool: Pool, numbers: PoolInNumbers, usd: readonly number[]): Market {
  const swapQuotes = [true, false].flatMap((zeroForOne) =>
    usd.map((each) => {
      const amountIn = rawOf(numbers, zeroForOne, each);
      const { amount0, amount1 } = computeSwap(pool, { zeroForOne, amountSpecified: amountIn });
      return { zeroForOne, amountIn, amountOut: zeroForOne ? -amount1 : -amount0 };
    }),
  );
  return { ...market, swapQuotes };
}

describe.each([0, 1] as const)('with the dollar as token%i', (stable) => {
  const { market } = sampleRecommendation({ stable, poolLiquidity: 10n ** 18n });
  const numbers = poolInNumbers(market.pool);
  const pool = poolOf(market);

  it('between quotes is never below what the swap then costs, and close to it', () => {
    const asked = quoted(market, pool, numbers, [50_000, 100_000, 200_000]);
    fc.assert(
      fc.property(fc.boolean(), fc.double({ min: 100, max: 199_999, noNaN: true }), (zeroForOne, usd) => {
        const cost = expectedSwapCostUsdE6RoundingUp(asked, numbers, { zeroForOne, usdE6: usd * 1e6 }, 0);
        const paid = truth(pool, numbers, zeroForOne, rawOf(numbers, zeroForOne, usd));
        expect(cost).toBeGreaterThanOrEqual(Math.floor(paid));
        expect(cost - paid).toBeLessThan(0.001 * usd * 1e6);
      }),
    );
  });

  it('without quotes is what even liquidity would cost, at least the impact that is set', () => {
    const even = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: market.pool.sqrtPriceX96 });
    mint(even, { owner: 'all', tickLower: -887_220, tickUpper: 887_220, liquidity: market.pool.liquidity });
    for (const zeroForOne of [true, false]) {
      const wanted = { zeroForOne, usdE6: 300_000e6 };
      const paid = truth(even, numbers, zeroForOne, rawOf(numbers, zeroForOne, 300_000));
      const cost = expectedSwapCostUsdE6RoundingUp(market, numbers, wanted, 0);
      expect(cost / paid).toBeGreaterThan(0.9999);
      expect(cost / paid).toBeLessThan(1.001);
      expect(expectedSwapCostUsdE6RoundingUp(market, numbers, { zeroForOne, usdE6: 1e6 }, 5)).toBe(1000);
    }
  });

  it('beyond the largest quote does not lean on it', () => {
    const asked = quoted(market, pool, numbers, [1_000]);
    const wanted = { zeroForOne: true, usdE6: 300_000e6 };
    expect(expectedSwapCostUsdE6RoundingUp(asked, numbers, wanted, 5)).toBe(
      expectedSwapCostUsdE6RoundingUp(market, numbers, wanted, 5),
    );
  });

  it('counts that the own liquidity is gone by then', () => {
    const own = 10n ** 18n;
    const base = sampleRecommendation({ stable, poolLiquidity: 2n * own, position: [-2000, 2000], liquidity: own });
    const asked = quoted(base.market, poolOf(market, own), numbers, [150_000]);
    for (const zeroForOne of [true, false]) {
      const cost = expectedSwapCostUsdE6RoundingUp(asked, numbers, { zeroForOne, usdE6: 150_000e6 }, 0);
      expect(cost).toBeGreaterThanOrEqual(truth(pool, numbers, zeroForOne, rawOf(numbers, zeroForOne, 150_000)) * 0.98);
    }
  });

  it('is nothing for nothing', () => {
    expect(expectedSwapCostUsdE6RoundingUp(market, numbers, { zeroForOne: true, usdE6: 0 }, 5)).toBe(0);
  });
});
