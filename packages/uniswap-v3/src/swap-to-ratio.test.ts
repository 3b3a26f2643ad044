import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountsForLiquidityRoundingUp, liquidityForAmounts, swapToRatio } from './liquidity-amounts.ts';
import { quoteToken0InToken1RoundingUp, quoteToken1InToken0RoundingUp, valueInToken1RoundingDown } from './price.ts';
import { computeSwapStep } from './swap-math.ts';
import { getSqrtRatioAtTick, MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tick-math.ts';

// Prices around USDC/WETH in both orientations, and near par.
const centre = fc.constantFrom(-196_256, 0, 196_256);
const situation = centre.chain((around) =>
  fc.record({
    tickLower: fc.integer({ min: around - 20_000, max: around - 1 }),
    tickUpper: fc.integer({ min: around + 1, max: around + 20_000 }),
    sqrtPriceX96: fc.integer({ min: around - 22_000, max: around + 22_000 }).map(getSqrtRatioAtTick),
    amount0: fc.bigInt(0n, 10n ** 21n),
    amount1: fc.bigInt(0n, 10n ** 21n),
    feePips: fc.constantFrom(0, 100, 500, 3000, 10_000),
  }),
);
const poolLiquidity = fc.integer({ min: 60, max: 100 }).map((bits) => 1n << BigInt(bits));

describe('swapToRatio', () => {
  it('sells about half of a single token for a range around the price', () => {
    const sqrtPriceX96 = getSqrtRatioAtTick(0);
    const of = { tickLower: -600, tickUpper: 600, sqrtPriceX96, amount0: 10n ** 18n, amount1: 0n, feePips: 3000 };
    const swap = swapToRatio(of);
    expect(swap.zeroForOne).toBe(true);
    expect(Number(swap.amountIn) / 1e18).toBeCloseTo(0.50075, 4);
    expect(Number(swap.amount0)).toBeCloseTo(Number(swap.amount1), -4);
    const mirrored = swapToRatio({ ...of, amount0: 0n, amount1: 10n ** 18n });
    expect(mirrored.zeroForOne).toBe(false);
    expect(Number(mirrored.amountIn - swap.amountIn)).toBeCloseTo(0, -1);
  });

  it('sells nothing when the amounts fit already', () => {
    const at = { tickLower: -600, tickUpper: 600, sqrtPriceX96: getSqrtRatioAtTick(0), feePips: 500 };
    const held = amountsForLiquidityRoundingUp({ ...at, liquidity: 10n ** 20n });
    expect(swapToRatio({ ...at, ...held }).amountIn < 3n).toBe(true);
    expect(swapToRatio({ ...at, amount0: 0n, amount1: 0n }).amountIn).toBe(0n);
  });

  it('sells everything of the token a range off the price does not take', () => {
    const of = { tickLower: 600, tickUpper: 1200, sqrtPriceX96: getSqrtRatioAtTick(0), feePips: 500 };
    expect(swapToRatio({ ...of, amount0: 5n, amount1: 1000n })).toMatchObject({
      zeroForOne: false,
      amountIn: 1000n,
      amount1: 0n,
    });
    const above = { ...of, tickLower: -1200, tickUpper: -600 };
    expect(swapToRatio({ ...above, amount0: 1000n, amount1: 5n })).toMatchObject({
      zeroForOne: true,
      amountIn: 1000n,
      amount0: 0n,
    });
  });

  it('never sells more than is held, and says exactly what the pool pays', () => {
    fc.assert(
      fc.property(situation, poolLiquidity, (of, activeLiquidity) => {
        const swap = swapToRatio({ ...of, activeLiquidity });
        expect(swap.amountIn >= 0n && swap.amountIn <= (swap.zeroForOne ? of.amount0 : of.amount1)).toBe(true);
        expect(swap.amount0).toBe(swap.zeroForOne ? of.amount0 - swap.amountIn : of.amount0 + swap.amountOut);
        expect(swap.amount1).toBe(swap.zeroForOne ? of.amount1 + swap.amountOut : of.amount1 - swap.amountIn);
        if (swap.amountIn === 0n) return;
        const furthest = swap.zeroForOne ? MIN_SQRT_RATIO : MAX_SQRT_RATIO - 1n;
        const step = computeSwapStep(of.sqrtPriceX96, furthest, activeLiquidity, swap.amountIn, of.feePips);
        expect([swap.amountOut, swap.sqrtPriceAfterX96]).toEqual([step.amountOut, step.sqrtRatioNextX96]);
      }),
    );
  });

  it('leaves at most dust: less than a millionth of the value where a wei is less than that', () => {
    fc.assert(
      fc.property(situation, (of) => {
        const swap = swapToRatio(of);
        fc.pre(swap.amount0 > 10n ** 8n && swap.amount1 > 10n ** 8n);
        const after = { ...of, amount0: swap.amount0, amount1: swap.amount1 };
        const cost = amountsForLiquidityRoundingUp({ ...of, liquidity: liquidityForAmounts(after) });
        const left = { amount0: swap.amount0 - cost.amount0, amount1: swap.amount1 - cost.amount1 };
        expect(left.amount0 >= 0n && left.amount1 >= 0n).toBe(true);
        const dust = valueInToken1RoundingDown({ ...left, sqrtPriceX96: of.sqrtPriceX96 });
        expect(dust * 1_000_000n <= valueInToken1RoundingDown(after)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('stops right before overshooting: what is held then wants no second sale', () => {
    const mirrored = fc.constantFrom(true, false);
    fc.assert(
      fc.property(situation, mirrored, (of, onlyToken0) => {
        fc.pre(
          of.sqrtPriceX96 > getSqrtRatioAtTick(of.tickLower) && of.sqrtPriceX96 < getSqrtRatioAtTick(of.tickUpper),
        );
        const held = onlyToken0 ? { ...of, amount1: 0n } : { ...of, amount0: 0n };
        fc.pre(held.amount0 + held.amount1 > 10n ** 9n);
        const swap = swapToRatio(held);
        const before = swapToRatio({ ...held, amount0: swap.amount0, amount1: swap.amount1 });
        // Two sales round the output down once more than one does, so a second may sell what one wei of output is worth.
        const price = of.sqrtPriceX96;
        const oneWei = swap.zeroForOne
          ? quoteToken1InToken0RoundingUp(price, 1n)
          : quoteToken0InToken1RoundingUp(price, 1n);
        if (before.zeroForOne === swap.zeroForOne) expect(before.amountIn <= 2n * oneWei + 2n).toBe(true);
      }),
    );
  });

  it('beats selling a little more or a little less', () => {
    fc.assert(
      fc.property(situation, poolLiquidity, fc.integer({ min: 1, max: 999 }), (of, activeLiquidity, permille) => {
        const swap = swapToRatio({ ...of, activeLiquidity });
        const best = mintable(of, swap.amount0, swap.amount1, swap.sqrtPriceAfterX96);
        const held = swap.zeroForOne ? of.amount0 : of.amount1;
        for (const other of [
          (swap.amountIn * BigInt(permille)) / 1000n,
          swap.amountIn + ((held - swap.amountIn) * BigInt(permille)) / 1000n,
        ]) {
          if (other === swap.amountIn || other === 0n) continue;
          const furthest = swap.zeroForOne ? MIN_SQRT_RATIO : MAX_SQRT_RATIO - 1n;
          const step = computeSwapStep(of.sqrtPriceX96, furthest, activeLiquidity, other, of.feePips);
          const amount0 = swap.zeroForOne ? of.amount0 - other : of.amount0 + step.amountOut;
          const amount1 = swap.zeroForOne ? of.amount1 + step.amountOut : of.amount1 - other;
          const liquidity = mintable(of, amount0, amount1, step.sqrtRatioNextX96);
          expect(liquidity <= best + best / 1000n + 10n ** 9n).toBe(true);
        }
      }),
    );
  });

  it('takes the price expected elsewhere', () => {
    const of = {
      tickLower: -600,
      tickUpper: 600,
      sqrtPriceX96: getSqrtRatioAtTick(0),
      amount0: 10n ** 18n,
      amount1: 0n,
      feePips: 0,
    };
    const worse = swapToRatio({ ...of, executionSqrtPriceX96: getSqrtRatioAtTick(-100) });
    const fair = swapToRatio(of);
    expect(worse.amountIn > fair.amountIn).toBe(true);
    expect(worse.sqrtPriceAfterX96).toBe(of.sqrtPriceX96);
  });

  it('refuses an empty pool, negative amounts and an empty range', () => {
    const of = {
      tickLower: -600,
      tickUpper: 600,
      sqrtPriceX96: getSqrtRatioAtTick(0),
      amount0: 1n,
      amount1: 0n,
      feePips: 0,
    };
    expect(() => swapToRatio({ ...of, activeLiquidity: 0n })).toThrow(RangeError);
    expect(() => swapToRatio({ ...of, amount1: -1n })).toThrow(RangeError);
    expect(() => swapToRatio({ ...of, tickUpper: -600 })).toThrow(RangeError);
  });
});

/** Liquidity of a mint of these amounts at this price. */
function mintable(
  range: { tickLower: number; tickUpper: number },
  amount0: bigint,
  amount1: bigint,
  sqrtPriceX96: bigint,
): bigint {
  return liquidityForAmounts({
    tickLower: range.tickLower,
    tickUpper: range.tickUpper,
    amount0,
    amount1,
    sqrtPriceX96,
  });
}
