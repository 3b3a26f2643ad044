import {
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bandAround,
  mintMinimums,
  squareRootRoundingDown,
  swapMinimumRoundingDown,
  withdrawalMinimums,
} from './slippage-band.ts';

const positions = fc.record({
  tick: fc.integer({ min: -300_000, max: 300_000 }),
  below: fc.integer({ min: -3_000, max: 3_000 }),
  width: fc.integer({ min: 1, max: 5_000 }),
  liquidity: fc.bigInt({ min: 10n ** 12n, max: 10n ** 24n }),
  slippageBps: fc.integer({ min: 1, max: 1_000 }),
  within: fc.double({ min: 0, max: 1, noNaN: true }),
});

type Case = typeof positions extends fc.Arbitrary<infer T> ? T : never;

function caseOf(of: Case) {
  const sqrtPriceX96 = getSqrtRatioAtTick(of.tick);
  const band = bandAround(sqrtPriceX96, of.slippageBps);
  const share = BigInt(Math.floor(of.within * 1e9));
  const priceInBand = band.lowX96 + ((band.highX96 - band.lowX96) * share) / 1_000_000_000n;
  const range = { tickLower: of.tick + of.below, tickUpper: of.tick + of.below + of.width };
  return { range, sqrtPriceX96, priceInBand, slippageBps: of.slippageBps, liquidity: of.liquidity };
}

/** The band reaches over both ends, so that the minimums come from the narrower one. */
const coversRange = (of: ReturnType<typeof caseOf>) => {
  const band = bandAround(of.sqrtPriceX96, of.slippageBps);
  return (
    band.lowX96 <= getSqrtRatioAtTick(of.range.tickLower) && band.highX96 >= getSqrtRatioAtTick(of.range.tickUpper)
  );
};

/**
 * The price lies beside the range and the band reaches into it: what is held, one token alone, makes no liquidity there.
 * Then too the minimums come from the narrower band, and a mint inside the range is refused instead of taking nothing.
 */
const reachesIntoRange = (of: ReturnType<typeof caseOf>) => {
  const band = bandAround(of.sqrtPriceX96, of.slippageBps);
  const [lowest, highest] = [getSqrtRatioAtTick(of.range.tickLower), getSqrtRatioAtTick(of.range.tickUpper)];
  const above = of.sqrtPriceX96 >= highest && band.lowX96 < highest;
  const below = of.sqrtPriceX96 <= lowest && band.highX96 > lowest;
  return above || below;
};

describe('the least amounts', () => {
  test('a withdrawal anywhere in the band pays at least its minimums', () => {
    fc.assert(
      fc.property(positions, (raw) => {
        const of = caseOf(raw);
        fc.pre(!coversRange(of));
        const least = withdrawalMinimums({ ...of.range, ...of });
        const paid = amountsForLiquidityRoundingDown({
          ...of.range,
          liquidity: of.liquidity,
          sqrtPriceX96: of.priceInBand,
        });
        expect(paid.amount0).toBeGreaterThanOrEqual(least.amount0);
        expect(paid.amount1).toBeGreaterThanOrEqual(least.amount1);
      }),
    );
  });

  test('a mint anywhere in the band takes at least its minimums', () => {
    fc.assert(
      fc.property(positions, (raw) => {
        const of = caseOf(raw);
        fc.pre(!coversRange(of) && !reachesIntoRange(of));
        const held = amountsForLiquidityRoundingUp({
          ...of.range,
          liquidity: of.liquidity,
          sqrtPriceX96: of.sqrtPriceX96,
        });
        const least = mintMinimums({ ...of.range, ...of, ...held });
        const at = { ...of.range, sqrtPriceX96: of.priceInBand };
        const taken = amountsForLiquidityRoundingUp({ ...at, liquidity: liquidityForAmounts({ ...at, ...held }) });
        expect(taken.amount0).toBeGreaterThanOrEqual(least.amount0);
        expect(taken.amount1).toBeGreaterThanOrEqual(least.amount1);
      }),
    );
  });

  test('a mint beside its range is never content with nothing', () => {
    const range = { tickLower: -10, tickUpper: -9 };
    const at = { ...range, sqrtPriceX96: getSqrtRatioAtTick(0) };
    const held = amountsForLiquidityRoundingUp({ ...at, liquidity: 10n ** 12n });
    expect(mintMinimums({ ...at, ...held, slippageBps: 9 }).amount1).toBeGreaterThan(0n);
  });

  test('a withdrawal from a range narrower than the band is protected all the same', () => {
    const least = withdrawalMinimums({
      tickLower: -10,
      tickUpper: 10,
      sqrtPriceX96: getSqrtRatioAtTick(0),
      liquidity: 10n ** 18n,
      slippageBps: 500,
    });
    expect(least.amount0).toBeGreaterThan(0n);
    expect(least.amount1).toBeGreaterThan(0n);
  });

  test('beyond the band a withdrawal would pay less than asked in one token', () => {
    const of = { tickLower: -1_000, tickUpper: 1_000, liquidity: 10n ** 18n };
    const least = withdrawalMinimums({ ...of, sqrtPriceX96: getSqrtRatioAtTick(0), slippageBps: 50 });
    const up = amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96: getSqrtRatioAtTick(51) });
    const down = amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96: getSqrtRatioAtTick(-51) });
    expect(up.amount0).toBeLessThan(least.amount0);
    expect(down.amount1).toBeLessThan(least.amount1);
  });
});

test('a swap pays at least the price less fee and slippage, in both directions', () => {
  const at = { sqrtPriceX96: getSqrtRatioAtTick(0), feePips: 500, slippageBps: 100, amountIn: 1_000_000n };
  expect(swapMinimumRoundingDown({ ...at, zeroForOne: true })).toBe((999_500n * 99n) / 100n);
  expect(swapMinimumRoundingDown({ ...at, zeroForOne: false })).toBe((999_500n * 99n) / 100n);
});

test('the square root is the greatest whose square is not above', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 400n }), (value) => {
      const root = squareRootRoundingDown(value);
      expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true);
    }),
  );
});
