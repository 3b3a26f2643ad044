import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMod256,
  clamp,
  divRoundingUp,
  MAX_UINT256,
  mulDivRoundingDown,
  mulDivRoundingUp,
  Q128,
  Q256,
  smallerOf,
  subtractMod256,
} from './full-math.ts';

const uint256 = fc.bigInt(0n, MAX_UINT256);

describe('full math', () => {
  // Vectors of v3-core's FullMath tests.
  it('keeps the digits of a 512-bit product', () => {
    expect(mulDivRoundingDown(Q128, (50n * Q128) / 100n, (150n * Q128) / 100n)).toBe(Q128 / 3n);
    expect(mulDivRoundingUp(Q128, (50n * Q128) / 100n, (150n * Q128) / 100n)).toBe(Q128 / 3n + 1n);
    expect(mulDivRoundingDown(Q128, 1000n * Q128, 3000n * Q128)).toBe(Q128 / 3n);
    expect(mulDivRoundingDown(MAX_UINT256, MAX_UINT256, MAX_UINT256)).toBe(MAX_UINT256);
  });

  it('refuses a zero denominator and a result beyond 256 bits', () => {
    for (const mulDiv of [mulDivRoundingDown, mulDivRoundingUp]) {
      expect(() => mulDiv(Q128, 5n, 0n)).toThrow(RangeError);
      expect(() => mulDiv(Q128, Q128, 1n)).toThrow(RangeError);
      expect(() => mulDiv(MAX_UINT256, MAX_UINT256, MAX_UINT256 - 1n)).toThrow(RangeError);
    }
    // Only rounding up overflows here.
    const [a, b, d] = [535006138814359n, 432862656469423142931042426214547535783388063929571229938474969n, 2n];
    expect(mulDivRoundingDown(a, b, d)).toBe(MAX_UINT256);
    expect(() => mulDivRoundingUp(a, b, d)).toThrow(RangeError);
  });

  it('rounds down and up around the exact quotient', () => {
    fc.assert(
      fc.property(uint256, fc.bigInt(0n, Q128), fc.bigInt(Q128, MAX_UINT256), (a, b, d) => {
        const down = mulDivRoundingDown(a, b, d);
        const up = mulDivRoundingUp(a, b, d);
        expect(down * d <= a * b && a * b < (down + 1n) * d).toBe(true);
        expect(up - down).toBe((a * b) % d === 0n ? 0n : 1n);
        expect(divRoundingUp(a, d)).toBe(mulDivRoundingUp(a, 1n, d));
      }),
    );
  });

  it('adds and subtracts as unchecked 256-bit words', () => {
    fc.assert(
      fc.property(uint256, uint256, (a, b) => {
        expect(addMod256(a, b)).toBe(BigInt.asUintN(256, a + b));
        expect(subtractMod256(a, b)).toBe(BigInt.asUintN(256, a - b));
        expect(subtractMod256(addMod256(a, b), b)).toBe(a);
      }),
    );
    expect(addMod256(MAX_UINT256, 1n)).toBe(0n);
    expect(subtractMod256(0n, 1n)).toBe(Q256 - 1n);
  });

  it('picks and holds bigints', () => {
    expect([smallerOf(1n, 2n), smallerOf(2n, 1n)]).toEqual([1n, 1n]);
    expect([0n, 5n, 99n].map((value) => clamp(value, 2n, 8n))).toEqual([2n, 5n, 8n]);
  });
});
