import { pricePathFeesRoundingDown } from '@rangeward/uniswap-v3/price-path-fees';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { describe, expect, it } from 'vitest';
import { marketOverTicks } from '../test/market-over-ticks.ts';

const START_S = 1_700_000_000;
const TICKS = [196_000, 196_080, 195_940, 196_300, 195_700, 196_010];
const POOL = 10n ** 19n;

const pathOver = (ticks: readonly number[], feeProtocol: number) =>
  marketOverTicks(ticks, { startS: START_S, liquidity: POOL, feeProtocol });

const range = { tickLower: 195_900, tickUpper: 196_100 };

function feesOf(amounts: { amount0: bigint; amount1: bigint }, feeProtocol = 0) {
  const venue = pathOver(TICKS, feeProtocol).open(START_S);
  const minted = venue.mint(range, amounts);
  venue.advance(START_S + 3600, null);
  return { liquidity: minted?.liquidity ?? 0n, fees: venue.position()?.fees ?? { amount0: 0n, amount1: 0n } };
}

describe('a price path', () => {
  it.each([0, 4 + (6 << 4)])(
    'pays a small position what price-path-fees says (protocol fee byte %i)',
    (feeProtocol) => {
      const { liquidity, fees } = feesOf({ amount0: 10n ** 7n, amount1: 10n ** 16n }, feeProtocol);
      const sqrtPricesX96 = TICKS.map((tick) => getSqrtRatioAtTick(tick));
      const exact = pricePathFeesRoundingDown({ ...range, feePips: 500, feeProtocol, liquidity, sqrtPricesX96 });
      expect(exact.amount0).toBeGreaterThan(0n);
      expect(Number(fees.amount1) / Number(exact.amount1)).toBeCloseTo(1, 5);
      expect(Math.abs(Number(fees.amount0 - exact.amount0))).toBeLessThanOrEqual(Number(exact.amount0) / 1e5 + 1);
    },
  );

  it('pays a position as large as the pool half of that for each unit of its liquidity', () => {
    const small = feesOf({ amount0: 10n ** 9n, amount1: 10n ** 18n });
    const scale = Number(POOL) / Number(small.liquidity);
    const grown = (amount: bigint) => BigInt(Math.round(Number(amount) * scale));
    const large = feesOf({ amount0: grown(10n ** 9n), amount1: grown(10n ** 18n) });
    const perUnit = (of: typeof small) => Number(of.fees.amount1) / Number(of.liquidity);
    expect(Number(large.liquidity) / Number(POOL)).toBeCloseTo(1, 3);
    expect(perUnit(large) / perUnit(small)).toBeCloseTo(0.5, 3);
  });

  it('is in range as long as the tick is, and gives back what it took', () => {
    const venue = pathOver(TICKS, 0).open(START_S);
    venue.mint(range, { amount0: 10n ** 9n, amount1: 10n ** 18n });
    venue.advance(START_S + 300, null);
    // 196,000, 196,080, 195,940 and from the last swap on 196,010; in between it is out at 196,300 and at 195,700.
    expect(venue.inRangeS()).toBe(180);
    const { liquidity, principal } = venue.position() ?? { liquidity: 0n, principal: null };
    expect(liquidity).toBeGreaterThan(0n);
    expect(venue.close().principal).toEqual(principal);
    expect(venue.position()).toBeNull();
  });

  it('stops a watch at the end of the block that ends it', () => {
    const venue = pathOver(TICKS, 0).open(START_S);
    expect(venue.advance(START_S + 3600, { ...range, until: 'outside' })).toBe(true);
    expect(venue.spot()).toMatchObject({ tick: 196_300, timeS: START_S + 180 });
    expect(venue.advance(START_S + 3600, { ...range, until: 'inside' })).toBe(true);
    expect(venue.spot()).toMatchObject({ tick: 196_010, timeS: START_S + 300 });
    expect(venue.advance(START_S + 3600, { ...range, until: 'outside' })).toBe(false);
    expect(venue.spot().timeS).toBe(START_S + 3600);
  });
});
