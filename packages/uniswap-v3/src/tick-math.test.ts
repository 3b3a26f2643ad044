import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  getSqrtRatioAtTick,
  getTickAtSqrtRatio,
  MAX_SQRT_RATIO,
  MAX_TICK,
  MIN_SQRT_RATIO,
  MIN_TICK,
} from './tick-math.ts';

const anyTick = fc.oneof(
  fc.integer({ min: MIN_TICK, max: MAX_TICK - 1 }),
  fc.integer({ min: -300_000, max: 300_000 }),
  fc.integer({ min: MIN_TICK, max: MIN_TICK + 50 }),
  fc.integer({ min: MAX_TICK - 50, max: MAX_TICK - 1 }),
);
// Prices spread evenly over their bit lengths, so that small ones occur as often as large ones.
const anySqrtPrice = fc
  .tuple(fc.integer({ min: 32, max: 160 }), fc.bigInt({ min: 0n, max: (1n << 160n) - 1n }))
  .map(([bits, noise]) => (1n << BigInt(bits)) | (noise >> BigInt(160 - bits)))
  .filter((price) => price >= MIN_SQRT_RATIO && price < MAX_SQRT_RATIO);

/** v3-core's `getTickAtSqrtRatio`, line by line: the binary logarithm by repeated squaring. */
function transcribedTickAtSqrtRatio(sqrtPriceX96: bigint): number {
  const ratio = sqrtPriceX96 << 32n;
  const msb = BigInt(ratio.toString(2).length - 1);
  let r = msb >= 128n ? ratio >> (msb - 127n) : ratio << (127n - msb);
  let log2 = (msb - 128n) << 64n;
  for (let shift = 63n; shift >= 50n; shift--) {
    r = (r * r) >> 127n;
    const f = r >> 128n;
    log2 |= f << shift;
    r >>= f;
  }
  const logSqrt10001 = log2 * 255738958999603826347141n;
  const tickLow = Number((logSqrt10001 - 3402992956809132418596140100660247210n) >> 128n);
  const tickHi = Number((logSqrt10001 + 291339464771989622907027621153398088495n) >> 128n);
  return tickLow === tickHi ? tickLow : getSqrtRatioAtTick(tickHi) <= sqrtPriceX96 ? tickHi : tickLow;
}

describe('getSqrtRatioAtTick', () => {
  it.each([
    [MIN_TICK, 4295128739n],
    [MIN_TICK + 1, 4295343490n],
    [0, 79228162514264337593543950336n],
    [MAX_TICK - 1, 1461373636630004318706518188784493106690254656249n],
    [MAX_TICK, 1461446703485210103287273052203988822378723970342n],
  ])('gives the value of v3-core at tick %i', (tick, ratio) => {
    expect(getSqrtRatioAtTick(tick)).toBe(ratio);
  });

  it.each([50, 100, 250, 500, 1000, 2500, 3000, 4000, 5000, 50_000, 150_000, 250_000, 500_000, 738_203])(
    'is within a hundredth of a basis point of 1.0001^(tick/2) at +-%i',
    (absTick) => {
      for (const tick of [-absTick, absTick]) {
        const exact = 1.0001 ** (tick / 2) * 2 ** 96;
        expect(Math.abs(Number(getSqrtRatioAtTick(tick)) / exact - 1)).toBeLessThan(1e-6);
      }
    },
  );

  it('answers the same when asked again, and rises with every tick', () => {
    fc.assert(
      fc.property(anyTick, (tick) => {
        const ratio = getSqrtRatioAtTick(tick);
        expect(getSqrtRatioAtTick(tick)).toBe(ratio);
        expect(getSqrtRatioAtTick(tick + 1) > ratio).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([MIN_TICK - 1, MAX_TICK + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses tick %d', (tick) => {
    expect(() => getSqrtRatioAtTick(tick)).toThrow(RangeError);
  });
});

describe('getTickAtSqrtRatio', () => {
  it.each([
    [MIN_SQRT_RATIO, MIN_TICK],
    [4295343490n, MIN_TICK + 1],
    [1461373636630004318706518188784493106690254656249n, MAX_TICK - 1],
    [MAX_SQRT_RATIO - 1n, MAX_TICK - 1],
    [79228162514264337593543950336n, 0],
    [79228162514264337593543950335n, -1],
  ])('gives the value of v3-core at %i', (ratio, tick) => {
    expect(getTickAtSqrtRatio(ratio)).toBe(tick);
  });

  it('equals the transcription of v3-core at any price', () => {
    fc.assert(
      fc.property(anySqrtPrice, (price) => {
        expect(getTickAtSqrtRatio(price)).toBe(transcribedTickAtSqrtRatio(price));
      }),
      { numRuns: 5000 },
    );
  });

  it('equals the transcription right at, below and above every tick edge', () => {
    fc.assert(
      fc.property(anyTick, (tick) => {
        const edge = getSqrtRatioAtTick(tick);
        expect(getTickAtSqrtRatio(edge)).toBe(tick);
        for (const price of [edge - 1n, edge, edge + 1n]) {
          if (price < MIN_SQRT_RATIO || price >= MAX_SQRT_RATIO) continue;
          expect(getTickAtSqrtRatio(price)).toBe(transcribedTickAtSqrtRatio(price));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([MIN_SQRT_RATIO - 1n, MAX_SQRT_RATIO, 0n, -1n])('refuses %i', (price) => {
    expect(() => getTickAtSqrtRatio(price)).toThrow(RangeError);
  });
});
