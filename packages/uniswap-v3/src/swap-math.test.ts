import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clamp, Q96 } from './full-math.ts';
import { computeSwapStep } from './swap-math.ts';
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tick-math.ts';

const ONE = 10n ** 18n;
const PRICE_101_100 = 79623317895830914510639640423n;
const PRICE_1000_100 = 250541448375047931186413801569n;
const PRICE_10000_100 = 792281625142643375935439503360n;
const EDGE = 20282409603651670423947251286016n;

describe('computeSwapStep', () => {
  it.each([
    [
      'exact input capped at the target',
      [Q96, PRICE_101_100, 2n * ONE, ONE, 600],
      [PRICE_101_100, 9975124224178055n, 9925619580021728n, 5988667735148n],
    ],
    [
      'exact output capped at the target',
      [Q96, PRICE_101_100, 2n * ONE, -ONE, 600],
      [PRICE_101_100, 9975124224178055n, 9925619580021728n, 5988667735148n],
    ],
    [
      'exact input fully spent',
      [Q96, PRICE_1000_100, 2n * ONE, ONE, 600],
      [118818475322642227089037862318n, 999400000000000000n, 666399946655997866n, 600000000000000n],
    ],
    [
      'exact output fully received',
      [Q96, PRICE_10000_100, 2n * ONE, -ONE, 600],
      [158456325028528675187087900672n, 2000000000000000000n, ONE, 1200720432259356n],
    ],
    [
      'output capped at what was asked for',
      [417332158212080721273783715441582n, 1452870262520218020823638996n, 159344665391607089467575320103n, -1n, 1],
      [417332158212080721273783715441581n, 1n, 1n, 1n],
    ],
    [
      'a target of 1 uses part of the input',
      [2n, 1n, 1n, 3915081100057732413702495386755767n, 1],
      [1n, 39614081257132168796771975168n, 0n, 39614120871253040049813n],
    ],
    [
      'the whole input taken as fee',
      [2413n, 79887613182836312n, 1985041575832132834610021537970n, 10n, 1872],
      [2413n, 0n, 0n, 10n],
    ],
    [
      'too little liquidity for an exact output of token0',
      [EDGE, (EDGE * 11n) / 10n, 1024n, -4n, 3000],
      [(EDGE * 11n) / 10n, 26215n, 0n, 79n],
    ],
    [
      'too little liquidity for an exact output of token1',
      [EDGE, (EDGE * 9n) / 10n, 1024n, -263000n, 3000],
      [(EDGE * 9n) / 10n, 1n, 26214n, 1n],
    ],
  ] as const)(
    'gives the vector of v3-core: %s',
    (_name, [current, target, liquidity, remaining, feePips], expected) => {
      const [sqrtRatioNextX96, amountIn, amountOut, feeAmount] = expected;
      expect(computeSwapStep(current, target, liquidity, remaining, feePips)).toEqual({
        sqrtRatioNextX96,
        amountIn,
        amountOut,
        feeAmount,
      });
    },
  );

  // The invariants of v3-core's SwapMathEchidnaTest.
  it('never takes more than remains, never pays more than asked, and stops for one of two reasons only', () => {
    const price = fc.bigInt(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1n);
    const near = fc.tuple(price, fc.integer({ min: -1_000_000, max: 1_000_000 })).map(([from, ppm]) => ({
      from,
      to: clamp((from * BigInt(1_000_000_000 + ppm)) / 1_000_000_000n, MIN_SQRT_RATIO, MAX_SQRT_RATIO),
    }));
    const remainingAmount = fc
      .integer({ min: 1, max: 160 })
      .chain((bits) => fc.bigInt(-(1n << BigInt(bits)), 1n << BigInt(bits)));
    fc.assert(
      fc.property(
        fc.oneof(near, fc.record({ from: price, to: price })),
        fc.bigInt(1n, (1n << 128n) - 1n),
        remainingAmount,
        fc.integer({ min: 1, max: 999_999 }),
        ({ from, to }, liquidity, remaining, feePips) => {
          fc.pre(to > 0n && remaining !== 0n);
          const step = computeSwapStep(from, to, liquidity, remaining, feePips);
          const spent = step.amountIn + step.feeAmount;
          if (remaining > 0n) expect(spent <= remaining).toBe(true);
          else expect(step.amountOut <= -remaining).toBe(true);
          if (step.sqrtRatioNextX96 !== to) {
            expect(remaining > 0n ? spent : -step.amountOut).toBe(remaining);
          }
          const within =
            to <= from
              ? step.sqrtRatioNextX96 >= to && step.sqrtRatioNextX96 <= from
              : step.sqrtRatioNextX96 >= from && step.sqrtRatioNextX96 <= to;
          expect(within).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
