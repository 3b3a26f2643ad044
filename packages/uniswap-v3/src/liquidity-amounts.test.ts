import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
} from './liquidity-amounts.ts';
import { getSqrtRatioAtTick } from './tick-math.ts';

/** sqrt(numerator / denominator) in Q64.96, rounded down by Newton's method. */
function encodePrice(numerator: bigint, denominator: bigint): bigint {
  const square = (numerator << 192n) / denominator;
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** A wei of room beside the edge turns any amount into more liquidity than 128 bits hold; periphery reverts there too. */
function liquidityUnlessTooWide(of: Parameters<typeof liquidityForAmounts>[0]): bigint | 'does not fit 128 bits' {
  try {
    return liquidityForAmounts(of);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return 'does not fit 128 bits';
  }
}

const range = fc
  .tuple(fc.integer({ min: -400_000, max: 400_000 }), fc.integer({ min: 1, max: 60_000 }))
  .map(([tickLower, width]) => ({ tickLower, tickUpper: tickLower + width }));
// A range and a price: mostly inside it, sometimes outside or right at an edge.
const rangeAndPrice = range.chain((bounds) =>
  fc
    .oneof(
      fc.integer({ min: bounds.tickLower, max: bounds.tickUpper }),
      fc.integer({ min: -450_000, max: 470_000 }),
      fc.constantFrom(bounds.tickLower, bounds.tickUpper),
    )
    .chain((tick) =>
      fc
        .bigInt(getSqrtRatioAtTick(tick), getSqrtRatioAtTick(tick + 1) - 1n)
        .map((sqrtPriceX96) => ({ ...bounds, sqrtPriceX96 })),
    ),
);
const liquidity = fc.bigInt(1n, 1n << 100n);

describe('amountsForLiquidity', () => {
  it('needs token0 alone at or below the range, token1 alone at or above it', () => {
    const bounds = { tickLower: -600, tickUpper: 600, liquidity: 10n ** 18n };
    const below = amountsForLiquidityRoundingUp({ ...bounds, sqrtPriceX96: getSqrtRatioAtTick(-600) });
    const above = amountsForLiquidityRoundingUp({ ...bounds, sqrtPriceX96: getSqrtRatioAtTick(600) });
    expect(below.amount1).toBe(0n);
    expect(above.amount0).toBe(0n);
    expect(below.amount0).toBe(above.amount1);
  });

  it('rounds the mint up and the burn down by at most one wei, so that dust stays with the pool', () => {
    fc.assert(
      fc.property(rangeAndPrice, liquidity, (at, amount) => {
        const down = amountsForLiquidityRoundingDown({ ...at, liquidity: amount });
        const up = amountsForLiquidityRoundingUp({ ...at, liquidity: amount });
        for (const side of ['amount0', 'amount1'] as const) {
          expect(up[side] - down[side] === 0n || up[side] - down[side] === 1n).toBe(true);
        }
      }),
    );
  });

  it('never mints more liquidity from the amounts than they pay for', () => {
    fc.assert(
      fc.property(rangeAndPrice, fc.bigInt(0n, 1n << 75n), fc.bigInt(0n, 1n << 75n), (at, amount0, amount1) => {
        const minted = liquidityUnlessTooWide({ ...at, amount0, amount1 });
        fc.pre(minted !== 'does not fit 128 bits');
        const cost = amountsForLiquidityRoundingUp({ ...at, liquidity: minted });
        expect(cost.amount0 <= amount0 && cost.amount1 <= amount1).toBe(true);
      }),
    );
  });

  it('gives the liquidity back, short by rounding alone, when its own cost is paid in', () => {
    const nearPar = fc
      .tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 1, max: 60_000 }))
      .map(([tickLower, width]) => ({ tickLower, tickUpper: tickLower + width }));
    fc.assert(
      fc.property(nearPar, fc.bigInt(1n << 60n, 1n << 100n), (bounds, amount) => {
        const at = { ...bounds, sqrtPriceX96: getSqrtRatioAtTick(bounds.tickLower) };
        const cost = amountsForLiquidityRoundingUp({ ...at, liquidity: amount });
        const again = liquidityForAmounts({ ...at, ...cost });
        expect(amountsForLiquidityRoundingUp({ ...at, liquidity: again }).amount0 <= cost.amount0).toBe(true);
        // Periphery rounds the product of the bounds down to 96 bits first, which costs 2^-80 of the liquidity here at most.
        expect(again + (amount >> 79n) + 1n >= amount).toBe(true);
      }),
    );
  });

  it('refuses an empty or reversed range', () => {
    const at = { sqrtPriceX96: getSqrtRatioAtTick(0), liquidity: 1n, amount0: 1n, amount1: 1n };
    for (const tickUpper of [10, 0]) {
      expect(() => amountsForLiquidityRoundingDown({ ...at, tickLower: 10, tickUpper })).toThrow(RangeError);
      expect(() => liquidityForAmounts({ ...at, tickLower: 10, tickUpper })).toThrow(RangeError);
    }
  });
});

describe('liquidityForAmounts', () => {
  // The vectors of periphery's LiquidityAmounts tests use prices, not ticks; ticks 953 short of 110/100 give the same shape.
  it('takes the scarcer token inside the range', () => {
    const bounds = { tickLower: -954, tickUpper: 953, sqrtPriceX96: encodePrice(1n, 1n) };
    const both = liquidityForAmounts({ ...bounds, amount0: 100n, amount1: 200n });
    expect(both).toBe(liquidityForAmounts({ ...bounds, amount0: 100n, amount1: 10n ** 9n }));
    expect(Number(both)).toBeGreaterThan(2140);
    expect(Number(both)).toBeLessThan(2156);
  });

  it('uses token0 alone below the range and token1 alone above it', () => {
    const bounds = { tickLower: -954, tickUpper: 953, amount0: 100n, amount1: 200n };
    const below = liquidityForAmounts({ ...bounds, sqrtPriceX96: encodePrice(90n, 110n) });
    const above = liquidityForAmounts({ ...bounds, sqrtPriceX96: encodePrice(111n, 100n) });
    expect(below).toBe(liquidityForAmounts({ ...bounds, amount1: 0n, sqrtPriceX96: encodePrice(90n, 110n) }));
    expect(above).toBe(liquidityForAmounts({ ...bounds, amount0: 0n, sqrtPriceX96: encodePrice(111n, 100n) }));
    expect(Number(below)).toBeCloseTo(1048, -1);
    expect(Number(above)).toBeCloseTo(2097, -1);
  });

  it('refuses liquidity beyond 128 bits', () => {
    const at = { tickLower: 0, tickUpper: 1, sqrtPriceX96: getSqrtRatioAtTick(-10) };
    expect(() => liquidityForAmounts({ ...at, amount0: 1n << 127n, amount1: 0n })).toThrow(/128 bits/);
  });
});
