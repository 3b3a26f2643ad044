import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossVersusRebalancingX192 } from './loss-versus-rebalancing.ts';
import { getSqrtRatioAtTick as price } from './tick-math.ts';
import { quoteAt, valueX192 } from './value-ledger.ts';

const position = { tickLower: -1_000, tickUpper: 1_000, liquidity: 10n ** 24n };

describe('lossVersusRebalancingX192', () => {
  it('is never negative but for the rounding of each step, in both tokens', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: -3_000, max: 3_000 }), { minLength: 2, maxLength: 60 }),
      fc.constantFrom('token0' as const, 'token1' as const),
      (ticks, numeraire) => {
        const sqrtPricesX96 = ticks.map(price);
        const lost = lossVersusRebalancingX192({ ...position, sqrtPricesX96, numeraire });
        const step = valueX192({ amount0: 2n, amount1: 2n }, quoteAt(price(3_000), numeraire));
        expect(lost >= -step * BigInt(ticks.length) * 2n).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('of a random walk is a quarter of L sigma^2 sqrt(P) of time', () => {
    let state = 1;
    const coin = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state > 1_073_741_824 ? 1 : -1;
    };
    let tick = 0;
    const path = [price(0)];
    let expected = 0;
    for (let step = 0; step < 20_000; step++) {
      tick = Math.max(-990, Math.min(990, tick + coin()));
      expected += (Number(position.liquidity) / 4) * Math.log(1.0001) ** 2 * Math.sqrt(1.0001 ** tick);
      path.push(price(tick));
    }
    const lostX192 = lossVersusRebalancingX192({ ...position, sqrtPricesX96: path, numeraire: 'token1' });
    expect(Number(lostX192) / 2 ** 192 / expected).toBeCloseTo(1, 2);
  });

  it('is nothing outside the range and without a move', () => {
    const outside = [price(2_000), price(2_500), price(1_000), price(3_000)];
    for (const sqrtPricesX96 of [[], [price(0)], [price(0), price(0)], outside]) {
      expect(lossVersusRebalancingX192({ ...position, sqrtPricesX96, numeraire: 'token1' })).toBe(0n);
    }
  });
});
