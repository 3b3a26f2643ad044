import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  priceFromSqrtPriceX96,
  priceFromTick,
  quoteToken0InToken1RoundingDown,
  quoteToken0InToken1RoundingUp,
  quoteToken1InToken0RoundingDown,
  quoteToken1InToken0RoundingUp,
  type StableSide,
  sqrtPriceX96FromPrice,
  sqrtPriceX96FromStablePerVolatile,
  stablePerVolatile,
  stablePerVolatileAtTick,
  stableUsdE6RoundingDown,
  tickFromPrice,
  tickFromStablePerVolatile,
  valueInToken0RoundingDown,
  valueInToken1RoundingDown,
  valueUsdE6,
  volatilePriceUsdE6,
} from './price.ts';
import { getSqrtRatioAtTick, MAX_TICK, MIN_TICK } from './tick-math.ts';

const ethereum = { decimals0: 6, decimals1: 18, stable: 0 as StableSide };
const base = { decimals0: 18, decimals1: 6, stable: 1 as StableSide };
const bothOrientations = fc.constantFrom(ethereum, base);
const tick = fc.integer({ min: -500_000, max: 500_000 });
const amount = fc.bigInt(0n, 1n << 100n);

describe('prices for people', () => {
  it('says the same USDC per WETH in both orientations', () => {
    // Tick 196256 with USDC as token0 is 3,000 USDC per WETH; with USDC as token1 the tick is mirrored.
    expect(stablePerVolatileAtTick({ ...ethereum, tick: 196_256 })).toBeCloseTo(2999.9, 0);
    expect(stablePerVolatileAtTick({ ...base, tick: -196_256 })).toBeCloseTo(2999.9, 0);
    expect(stablePerVolatile({ ...base, sqrtPriceX96: sqrtPriceX96FromPrice(2500, 18, 6) })).toBeCloseTo(2500, 8);
    expect(stablePerVolatile({ ...ethereum, sqrtPriceX96: sqrtPriceX96FromPrice(1 / 2500, 6, 18) })).toBeCloseTo(
      2500,
      8,
    );
  });

  it('falls with the tick where the stable is token0, rises where it is token1', () => {
    fc.assert(
      fc.property(tick, (at) => {
        expect(stablePerVolatileAtTick({ ...ethereum, tick: at + 1 })).toBeLessThan(
          stablePerVolatileAtTick({ ...ethereum, tick: at }),
        );
        expect(stablePerVolatileAtTick({ ...base, tick: at + 1 })).toBeGreaterThan(
          stablePerVolatileAtTick({ ...base, tick: at }),
        );
      }),
    );
  });

  it('leads from a tick to a price and back to the same tick, in both orientations', () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_TICK + 1, max: MAX_TICK - 2 }), (at) => {
        expect(tickFromPrice(priceFromTick(at, 6, 18), 6, 18)).toBe(at);
      }),
    );
    fc.assert(
      fc.property(tick, bothOrientations, (at, orientation) => {
        const price = stablePerVolatileAtTick({ ...orientation, tick: at });
        expect(tickFromStablePerVolatile({ ...orientation, price })).toBe(at);
      }),
      { numRuns: 1000 },
    );
  });

  it('shows the tick whose span holds the price', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 100_000, noNaN: true }), (price) => {
        const high = tickFromStablePerVolatile({ ...base, price });
        expect(stablePerVolatileAtTick({ ...base, tick: high })).toBeLessThanOrEqual(price);
        expect(stablePerVolatileAtTick({ ...base, tick: high + 1 })).toBeGreaterThan(price);
        const low = tickFromStablePerVolatile({ ...ethereum, price });
        expect(stablePerVolatileAtTick({ ...ethereum, tick: low })).toBeGreaterThanOrEqual(price);
        expect(stablePerVolatileAtTick({ ...ethereum, tick: low + 1 })).toBeLessThan(price);
      }),
    );
  });

  it('turns a price into a square root and back within the digits of a number', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), bothOrientations, (price, orientation) => {
        const root = sqrtPriceX96FromStablePerVolatile({ ...orientation, price });
        expect(stablePerVolatile({ ...orientation, sqrtPriceX96: root }) / price - 1).toBeCloseTo(0, 12);
      }),
    );
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e60])('refuses the price %d', (price) => {
    expect(() => sqrtPriceX96FromPrice(price, 18, 18)).toThrow(RangeError);
    expect(() => tickFromPrice(price, 18, 18)).toThrow(RangeError);
  });

  it('is 1 at tick 0 for equal decimals', () => {
    expect(priceFromSqrtPriceX96(getSqrtRatioAtTick(0), 18, 18)).toBe(1);
  });
});

describe('exact quotes and values', () => {
  it('round down and up around the same exact value', () => {
    fc.assert(
      fc.property(tick, amount, (at, wei) => {
        const root = getSqrtRatioAtTick(at);
        const square = root * root;
        const down1 = quoteToken0InToken1RoundingDown(root, wei);
        const up1 = quoteToken0InToken1RoundingUp(root, wei);
        expect(down1 << 192n <= wei * square && wei * square <= up1 << 192n && up1 - down1 <= 1n).toBe(true);
        const down0 = quoteToken1InToken0RoundingDown(root, wei);
        const up0 = quoteToken1InToken0RoundingUp(root, wei);
        expect(down0 * square <= wei << 192n && wei << 192n <= up0 * square && up0 - down0 <= 1n).toBe(true);
      }),
    );
  });

  it('never gain by being quoted there and back', () => {
    fc.assert(
      fc.property(tick, amount, (at, wei) => {
        const root = getSqrtRatioAtTick(at);
        expect(quoteToken1InToken0RoundingDown(root, quoteToken0InToken1RoundingDown(root, wei)) <= wei).toBe(true);
      }),
    );
  });

  it('value both tokens in either one', () => {
    const sqrtPriceX96 = getSqrtRatioAtTick(0) * 2n;
    expect(valueInToken1RoundingDown({ sqrtPriceX96, amount0: 3n, amount1: 5n })).toBe(17n);
    expect(valueInToken0RoundingDown({ sqrtPriceX96, amount0: 3n, amount1: 6n })).toBe(4n);
  });

  it('are micro-dollars of the stable token whatever its decimals, rounded down', () => {
    expect(stableUsdE6RoundingDown(1_234_567n, 6)).toBe(1_234_567n);
    expect(stableUsdE6RoundingDown(1_999_999_999_999n, 18)).toBe(1n);
    expect(stableUsdE6RoundingDown(25n, 2)).toBe(250_000n);
  });

  it('count micro-dollars alike whichever token is the stable one', () => {
    const weth = 2n * 10n ** 18n;
    const usdc = 1_000_000_000n;
    const onBase = valueUsdE6({
      sqrtPriceX96: sqrtPriceX96FromStablePerVolatile({ ...base, price: 3000 }),
      stable: 1,
      amount0: weth,
      amount1: usdc,
    });
    const onEthereum = valueUsdE6({
      sqrtPriceX96: sqrtPriceX96FromStablePerVolatile({ ...ethereum, price: 3000 }),
      stable: 0,
      amount0: usdc,
      amount1: weth,
    });
    expect(Number(onBase)).toBeCloseTo(7_000_000_000, -1);
    expect(Number(onEthereum)).toBeCloseTo(7_000_000_000, -1);
  });

  it('price one whole volatile token', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), bothOrientations, (price, orientation) => {
        const sqrtPriceX96 = sqrtPriceX96FromStablePerVolatile({ ...orientation, price });
        const usdE6 = volatilePriceUsdE6({ sqrtPriceX96, stable: orientation.stable, decimalsVolatile: 18 });
        expect(Math.abs(Number(usdE6) - price * 1e6)).toBeLessThan(2 + price * 1e-6);
      }),
    );
  });
});
