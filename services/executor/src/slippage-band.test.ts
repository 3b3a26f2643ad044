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

const anyAmount = fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.bigInt({ min: 0n, max: 10n ** 30n }));

/** Null where the position manager refuses: the liquidity would not fit 128 bits. */
function liquidityOrRefusal(of: Parameters<typeof liquidityForAmounts>[0]): bigint | null {
  try {
    return liquidityForAmounts(of);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Whether something worth a minimum is taken at the worse ends of the band, so that the band is not made narrower. */
function mintMinimumsAreOfBand(
  of: Omit<Parameters<typeof liquidityForAmounts>[0], 'sqrtPriceX96'>,
  { lowX96, highX96 }: { lowX96: bigint; highX96: bigint },
): boolean {
  const takenAt = (sqrtPriceX96: bigint) => {
    const liquidity = liquidityOrRefusal({ ...of, sqrtPriceX96 });
    return liquidity === null ? null : amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96, liquidity });
  };
  const [low, high] = [takenAt(lowX96), takenAt(highX96)];
  return (high?.amount0 ?? 0n) > 10n ** 12n || (low?.amount1 ?? 0n) > 10n ** 12n;
}

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

  test('a mint of any amounts, at a price as near to an end of the range as can be, is asked for no more than it takes', () => {
    fc.assert(
      fc.property(
        positions,
        fc.constantFrom('tickLower' as const, 'tickUpper' as const),
        fc.bigInt({ min: -(1n << 60n), max: 1n << 60n }),
        fc.integer({ min: 0, max: 60 }),
        fc.record({ amount0: anyAmount, amount1: anyAmount }),
        (raw, end, apart, shift, held) => {
          const { range, slippageBps } = caseOf(raw);
          const sqrtPriceX96 = getSqrtRatioAtTick(range[end]) + (apart >> BigInt(shift));
          const at = { ...range, ...held, sqrtPriceX96 };
          // Never throws, also where the position manager would refuse.
          const least = mintMinimums({ ...at, slippageBps });
          const liquidity = liquidityOrRefusal(at);
          if (liquidity === null) return;
          const taken = amountsForLiquidityRoundingUp({ ...at, liquidity });
          expect(taken.amount0).toBeGreaterThanOrEqual(least.amount0);
          expect(taken.amount1).toBeGreaterThanOrEqual(least.amount1);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('a mint of any amounts takes its minimums anywhere in the band, wherever in the band the range begins or ends', () => {
    fc.assert(
      fc.property(positions, fc.record({ amount0: anyAmount, amount1: anyAmount }), (raw, held) => {
        const of = caseOf(raw);
        const least = mintMinimums({ ...of.range, ...of, ...held });
        const band = bandAround(of.sqrtPriceX96, of.slippageBps);
        const wholeBand = mintMinimumsAreOfBand({ ...of.range, ...held }, band);
        fc.pre(wholeBand);
        const at = { ...of.range, ...held, sqrtPriceX96: of.priceInBand };
        const liquidity = liquidityOrRefusal(at);
        if (liquidity === null) return;
        const taken = amountsForLiquidityRoundingUp({ ...at, liquidity });
        expect(taken.amount0).toBeGreaterThanOrEqual(least.amount0);
        expect(taken.amount1).toBeGreaterThanOrEqual(least.amount1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a hair beside its range, with dust of the other token, all that is held is insisted on', () => {
    const range = { tickLower: -10, tickUpper: 10 };
    const held = { amount0: 1n, amount1: 10n ** 18n };
    const least = mintMinimums({ ...range, ...held, sqrtPriceX96: getSqrtRatioAtTick(10) + 1n, slippageBps: 50 });
    expect(least.amount1).toBeGreaterThan(10n ** 18n - 10n ** 10n);
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
