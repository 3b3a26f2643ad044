import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divRoundingUp, MAX_UINT256, mulDivRoundingDown, mulDivRoundingUp, Q96 } from './full-math.ts';
import {
  getAmount0DeltaRoundingDown,
  getAmount0DeltaRoundingUp,
  getAmount1DeltaRoundingDown,
  getAmount1DeltaRoundingUp,
  getNextSqrtPriceFromInput,
  getNextSqrtPriceFromOutput,
} from './sqrt-price-math.ts';
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tick-math.ts';

const ONE = 10n ** 18n;
const PRICE_121_100 = 87150978765690771352898345369n;
const price = fc
  .tuple(fc.integer({ min: 33, max: 160 }), fc.bigInt(0n, (1n << 160n) - 1n))
  .map(([bits, noise]) => (1n << BigInt(bits - 1)) | (noise >> BigInt(161 - bits)))
  .filter((value) => value > MIN_SQRT_RATIO && value < MAX_SQRT_RATIO);
const liquidity = fc.bigInt(1n, (1n << 128n) - 1n);
const amount = fc.integer({ min: 1, max: 200 }).chain((bits) => fc.bigInt(0n, 1n << BigInt(bits)));

describe('the vectors of v3-core SqrtPriceMath', () => {
  it('getNextSqrtPriceFromInput', () => {
    expect(getNextSqrtPriceFromInput(Q96, ONE, ONE / 10n, false)).toBe(PRICE_121_100);
    expect(getNextSqrtPriceFromInput(Q96, ONE, ONE / 10n, true)).toBe(72025602285694852357767227579n);
    expect(getNextSqrtPriceFromInput(Q96, 10n * ONE, 1n << 100n, true)).toBe(624999999995069620n);
    expect(getNextSqrtPriceFromInput(Q96, 1n, MAX_UINT256 / 2n, true)).toBe(1n);
    expect(getNextSqrtPriceFromInput(Q96, ONE / 10n, 0n, true)).toBe(Q96);
    expect(getNextSqrtPriceFromInput(1n, 1n, 1n << 255n, true)).toBe(1n);
    expect(
      getNextSqrtPriceFromInput(
        1025574284609383690408304870162715216695788925244n,
        50015962439936049619261659728067971248n,
        406n,
        true,
      ),
    ).toBe(1025574284609383582644711336373707553698163132913n);
  });

  it('takes the coarser formula where the product overflows 256 bits, as the contract must', () => {
    const [sqrtPrice, liquidity, amountIn] = [(1n << 159n) + (1n << 157n) / 3n, (1n << 126n) + 987n, (1n << 100n) + 7n];
    const numerator = liquidity << 96n;
    const coarse = divRoundingUp(numerator, numerator / sqrtPrice + amountIn);
    const exact = mulDivRoundingUp(numerator, sqrtPrice, numerator + amountIn * sqrtPrice);
    expect(coarse).not.toBe(exact);
    expect(getNextSqrtPriceFromInput(sqrtPrice, liquidity, amountIn, true)).toBe(coarse);
  });

  it('getNextSqrtPriceFromOutput', () => {
    const edge = 20282409603651670423947251286016n;
    expect(getNextSqrtPriceFromOutput(Q96, ONE, ONE / 10n, false)).toBe(88031291682515930659493278152n);
    expect(getNextSqrtPriceFromOutput(Q96, ONE, ONE / 10n, true)).toBe(71305346262837903834189555302n);
    expect(getNextSqrtPriceFromOutput(edge, 1024n, 262143n, true)).toBe(77371252455336267181195264n);
    expect(() => getNextSqrtPriceFromOutput(edge, 1024n, 262144n, true)).toThrow(RangeError);
    expect(() => getNextSqrtPriceFromOutput(edge, 1024n, 262145n, true)).toThrow(RangeError);
    expect(() => getNextSqrtPriceFromOutput(edge, 1024n, 4n, false)).toThrow(RangeError);
    expect(() => getNextSqrtPriceFromOutput(edge, 1024n, 5n, false)).toThrow(RangeError);
    expect(() => getNextSqrtPriceFromOutput(Q96, 1n, MAX_UINT256, true)).toThrow(RangeError);
    expect(() => getNextSqrtPriceFromOutput(Q96, 1n, MAX_UINT256, false)).toThrow(RangeError);
  });

  it.each([true, false])('refuses zero price, zero liquidity and overflow (zeroForOne %s)', (zeroForOne) => {
    for (const next of [getNextSqrtPriceFromInput, getNextSqrtPriceFromOutput]) {
      expect(() => next(0n, 1n, 1n, zeroForOne)).toThrow(RangeError);
      expect(() => next(1n, 0n, 1n, zeroForOne)).toThrow(RangeError);
    }
    expect(() => getNextSqrtPriceFromInput((1n << 160n) - 1n, 1024n, 1024n, false)).toThrow(RangeError);
  });

  it('getAmount0Delta and getAmount1Delta', () => {
    expect(getAmount0DeltaRoundingUp(Q96, PRICE_121_100, ONE)).toBe(90909090909090910n);
    expect(getAmount0DeltaRoundingDown(Q96, PRICE_121_100, ONE)).toBe(90909090909090909n);
    expect(getAmount0DeltaRoundingUp(Q96 << 45n, Q96 << 48n, ONE)).toBe(24869n);
    expect(getAmount0DeltaRoundingDown(Q96 << 45n, Q96 << 48n, ONE)).toBe(24868n);
    expect(getAmount1DeltaRoundingUp(Q96, PRICE_121_100, ONE)).toBe(100000000000000000n);
    expect(getAmount1DeltaRoundingDown(Q96, PRICE_121_100, ONE)).toBe(99999999999999999n);
    expect(getAmount0DeltaRoundingUp(Q96, PRICE_121_100, 0n)).toBe(0n);
    expect(getAmount0DeltaRoundingUp(Q96, Q96, ONE)).toBe(0n);
  });
});

describe('amount deltas', () => {
  it('round once where the contract rounds twice, to the same wei', () => {
    fc.assert(
      fc.property(price, price, liquidity, (a, b, of) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const up = divRoundingUp(mulDivRoundingUp(of << 96n, high - low, high), low);
        const down = mulDivRoundingDown(of << 96n, high - low, high) / low;
        expect(getAmount0DeltaRoundingUp(a, b, of)).toBe(up);
        expect(getAmount0DeltaRoundingUp(b, a, of)).toBe(up);
        expect(getAmount0DeltaRoundingDown(a, b, of)).toBe(down);
        expect(getAmount1DeltaRoundingUp(a, b, of)).toBe(mulDivRoundingUp(of, high - low, Q96));
        expect(getAmount1DeltaRoundingDown(a, b, of)).toBe(mulDivRoundingDown(of, high - low, Q96));
      }),
      { numRuns: 2000 },
    );
  });
});

// The invariants of v3-core's own Echidna tests.
describe('the next price', () => {
  it('moves with the input and never takes more than came in', () => {
    fc.assert(
      fc.property(price, liquidity, amount, fc.boolean(), (from, of, amountIn, zeroForOne) => {
        let to: bigint;
        try {
          to = getNextSqrtPriceFromInput(from, of, amountIn, zeroForOne);
        } catch (error) {
          expect(zeroForOne).toBe(false);
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(zeroForOne ? to <= from : to >= from).toBe(true);
        const needed = zeroForOne ? getAmount0DeltaRoundingUp(to, from, of) : getAmount1DeltaRoundingUp(from, to, of);
        expect(needed <= amountIn).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('moves far enough to pay the output asked for, or refuses', () => {
    fc.assert(
      fc.property(price, liquidity, amount, fc.boolean(), (from, of, amountOut, zeroForOne) => {
        let to: bigint;
        try {
          to = getNextSqrtPriceFromOutput(from, of, amountOut, zeroForOne);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(zeroForOne ? to <= from : to >= from).toBe(true);
        const paid = zeroForOne ? getAmount1DeltaRoundingDown(to, from, of) : getAmount0DeltaRoundingDown(from, to, of);
        expect(paid >= amountOut).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
