import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burn, collect, mint } from './pool-liquidity.ts';
import { createPool } from './pool-state.ts';
import { computeSwap, swap } from './pool-swap.ts';
import { pricePathFeeGrowthRoundingDown, pricePathFeesRoundingDown } from './price-path-fees.ts';
import { getSqrtRatioAtTick } from './tick-math.ts';

const price = getSqrtRatioAtTick;

describe('pricePathFeesRoundingDown', () => {
  const terms = { tickLower: -100, tickUpper: 100, feePips: 3000, feeProtocol: 0, liquidity: 10n ** 18n };

  it('is f/(1-f) of what the price move takes in, in the input token', () => {
    const rising = pricePathFeesRoundingDown({ ...terms, sqrtPricesX96: [price(0), price(50)] });
    expect(rising.amount0).toBe(0n);
    expect(Number(rising.amount1)).toBeCloseTo((10 ** 18 * (1.0001 ** 25 - 1) * 0.003) / 0.997, -4);
    const falling = pricePathFeesRoundingDown({ ...terms, sqrtPricesX96: [price(0), price(-50)] });
    expect(falling.amount1).toBe(0n);
    expect(Number(falling.amount0)).toBeCloseTo(Number(rising.amount1), -4);
  });

  it('counts only the part of a move inside the range', () => {
    const through = pricePathFeesRoundingDown({ ...terms, sqrtPricesX96: [price(-5000), price(5000)] });
    expect(through).toEqual(pricePathFeesRoundingDown({ ...terms, sqrtPricesX96: [price(-100), price(100)] }));
    expect(pricePathFeesRoundingDown({ ...terms, sqrtPricesX96: [price(101), price(200), price(100)] })).toEqual({
      amount0: 0n,
      amount1: 0n,
    });
  });

  it('leaves the protocol its part of the input token alone', () => {
    const sqrtPricesX96 = [price(0), price(50), price(0)];
    const whole = pricePathFeesRoundingDown({ ...terms, sqrtPricesX96 });
    const quarterOf0 = pricePathFeesRoundingDown({ ...terms, feeProtocol: 0x04, sqrtPricesX96 });
    expect(quarterOf0).toEqual({ amount0: (whole.amount0 * 3n) / 4n, amount1: whole.amount1 });
    const tenthOf1 = pricePathFeesRoundingDown({ ...terms, feeProtocol: 0xa0, sqrtPricesX96 });
    expect(tenthOf1.amount0).toBe(whole.amount0);
    expect(Number(tenthOf1.amount1) / Number(whole.amount1)).toBeCloseTo(0.9, 12);
  });

  it('earns nothing on an empty or motionless path', () => {
    for (const sqrtPricesX96 of [[], [price(0)], [price(0), price(0)]]) {
      expect(pricePathFeeGrowthRoundingDown({ ...terms, sqrtPricesX96 })).toEqual({ amount0X128: 0n, amount1X128: 0n });
    }
  });

  it('is what the pool itself pays, short by the rounding of the steps alone, in both orientations', () => {
    const aSwap = fc.record({
      zeroForOne: fc.boolean(),
      exactIn: fc.boolean(),
      bits: fc.integer({ min: 20, max: 66 }),
      away: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(-196_250, 0, 196_250),
        fc.constantFrom(0, 0x44, 0xa4),
        fc.bigInt(10n ** 15n, 10n ** 20n),
        fc.integer({ min: 1, max: 40 }),
        fc.array(aSwap, { minLength: 1, maxLength: 25 }),
        (home, feeProtocol, liquidity, width, swaps) => {
          const pool = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: price(home), feeProtocol });
          mint(pool, { owner: 'others', tickLower: home - 20_000, tickUpper: home + 20_000, liquidity: 10n ** 19n });
          const mine = { owner: 'me', tickLower: home - width * 10, tickUpper: home + width * 10 };
          mint(pool, { ...mine, liquidity });
          const path = [pool.sqrtPriceX96];
          let steps = 0n;
          for (const { zeroForOne, exactIn, bits, away } of swaps) {
            const amount = 1n << BigInt(bits);
            const limit = price(pool.tick + (zeroForOne ? -away : away + 1));
            if (limit === pool.sqrtPriceX96) continue;
            const order = { zeroForOne, amountSpecified: exactIn ? amount : -amount, sqrtPriceLimitX96: limit };
            steps += BigInt(computeSwap(pool, order).steps);
            swap(pool, order);
            path.push(pool.sqrtPriceX96);
          }
          const principal = burn(pool, { ...mine, liquidity });
          const paid = collect(pool, mine);
          const fees = pricePathFeesRoundingDown({
            ...mine,
            feePips: 500,
            feeProtocol,
            liquidity,
            sqrtPricesX96: path,
          });
          for (const side of ['amount0', 'amount1'] as const) {
            const short = paid[side] - principal[side] - fees[side];
            // A step's input and fee each round up by at most a wei; growth rounds down by far less than a wei, and the total once.
            expect(short >= -1n && short <= 3n * steps + 1n).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
