import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeGrowthInside, tokensOwed } from './fee-growth.ts';
import { MAX_UINT128, MAX_UINT256, Q128, Q256 } from './full-math.ts';
import { uncollectedFees, viewPosition } from './position.ts';
import { getSqrtRatioAtTick } from './tick-math.ts';

const growth = (feeGrowth0X128: bigint, feeGrowth1X128: bigint) => ({ feeGrowth0X128, feeGrowth1X128 });
const inside = (tick: number, lower: ReturnType<typeof growth>, upper: ReturnType<typeof growth>) =>
  feeGrowthInside({
    tick,
    tickLower: -2,
    tickUpper: 2,
    global: growth(15n, 15n),
    outsideLower: lower,
    outsideUpper: upper,
  });

describe('feeGrowthInside', () => {
  // The cases of v3-core's Tick tests.
  it.each([
    ['all of it when both bounds are fresh and the tick is inside', 0, growth(0n, 0n), growth(0n, 0n), 15n, 15n],
    ['nothing above a fresh range', 4, growth(0n, 0n), growth(0n, 0n), 0n, 0n],
    ['nothing below a fresh range', -4, growth(0n, 0n), growth(0n, 0n), 0n, 0n],
    ['without what lies above the upper bound', 0, growth(0n, 0n), growth(2n, 3n), 13n, 12n],
    ['without what lies below the lower bound', 0, growth(2n, 3n), growth(0n, 0n), 13n, 12n],
    ['without either', 0, growth(2n, 3n), growth(4n, 1n), 9n, 11n],
    ['across the wrap of a counter', 0, growth(MAX_UINT256 - 2n, MAX_UINT256 - 1n), growth(3n, 5n), 15n, 12n],
  ])('is %s', (_name, tick, lower, upper, expected0, expected1) => {
    expect(inside(tick, lower, upper)).toEqual(growth(expected0, expected1));
  });

  it('counts the lower bound in and the upper bound out', () => {
    expect(inside(-2, growth(0n, 0n), growth(0n, 0n)).feeGrowth0X128).toBe(15n);
    expect(inside(2, growth(0n, 0n), growth(0n, 0n)).feeGrowth0X128).toBe(0n);
  });

  it('stands still while the tick is outside, whatever the counters were', () => {
    const uint256 = fc.bigInt(0n, MAX_UINT256);
    fc.assert(
      fc.property(
        uint256,
        uint256,
        uint256,
        uint256,
        fc.constantFrom(-3, 2, 100),
        (global, more, lower, upper, tick) => {
          const at = (counter: bigint) =>
            feeGrowthInside({
              tick,
              tickLower: -2,
              tickUpper: 2,
              global: growth(counter, counter),
              outsideLower: growth(lower, lower),
              outsideUpper: growth(upper, upper),
            });
          expect(at((global + more) % Q256)).toEqual(at(global));
        },
      ),
    );
  });
});

describe('tokensOwed', () => {
  it('rounds down, also across the wrap of the counter', () => {
    expect(tokensOwed(3n, Q128 / 2n, 0n)).toBe(1n);
    expect(tokensOwed(1n, Q128 - 1n, 0n)).toBe(0n);
    expect(tokensOwed(2n, 5n, Q256 - Q128 + 5n)).toBe(2n);
  });

  it('truncates to 128 bits as the contract', () => {
    expect(tokensOwed(MAX_UINT128, MAX_UINT256, 0n)).toBe(((MAX_UINT128 * MAX_UINT256) >> 128n) & MAX_UINT128);
  });
});

describe('a stored position', () => {
  const position = {
    tickLower: -60,
    tickUpper: 60,
    liquidity: 10n ** 18n,
    feeGrowthInside0LastX128: 5n,
    feeGrowthInside1LastX128: MAX_UINT256,
    tokensOwed0: 7n,
    tokensOwed1: 11n,
  };

  it('is owed what is stored and what accrued since', () => {
    const fees = uncollectedFees(position, growth(5n + Q128 / 10n ** 9n, Q128 / 10n ** 6n));
    expect(fees).toEqual({ amount0: 7n + 999_999_999n, amount1: 11n + 1_000_000_000_000n });
  });

  it('shows range, principal rounded down and fees', () => {
    const insideNow = growth(5n, MAX_UINT256);
    const view = viewPosition(position, { tick: 60, sqrtPriceX96: getSqrtRatioAtTick(60), insideNow });
    expect(view.inRange).toBe(false);
    expect(view.principal.amount0).toBe(0n);
    expect(view.principal.amount1 > 0n).toBe(true);
    expect(view.fees).toEqual({ amount0: 7n, amount1: 11n });
    expect(viewPosition(position, { tick: 59, sqrtPriceX96: getSqrtRatioAtTick(59), insideNow }).inRange).toBe(true);
  });
});
