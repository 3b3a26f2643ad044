import { tokensOwed } from '@rangeward/uniswap-v3/fee-growth';
import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { createPool } from '@rangeward/uniswap-v3/pool-state';
import { swap } from '@rangeward/uniswap-v3/pool-swap';
import { describe, expect, it } from 'vitest';
import { recentFeesOf } from './measure-fees.ts';
import type { Trade } from './swap-history.ts';

const trade = (timeS: number, sqrtPriceX96: bigint): Trade => ({
  ...{ block: timeS, logIndex: 0, timeS, priceUsdE6: 1, sqrtPriceX96, stable: 1n, volatile: 1n },
});
const terms = { feePips: 3000, feeProtocol0: 4, feeProtocol1: 10 };
const window = { startS: 0, endS: 1000 };

describe('fees earned recently', () => {
  it('are what the pool’s own counters grew by, across ticks and with another protocol fee for each token', () => {
    const pool = createPool({ feePips: 3000, tickSpacing: 60, sqrtPriceX96: 1n << 96n, feeProtocol: 4 + (10 << 4) });
    const liquidity = 10n ** 18n;
    for (const [reach, parts] of [
      [887_220, 1n],
      [600, 3n],
      [60, 6n],
    ] as const) {
      mint(pool, { owner: `${reach}`, tickLower: -reach, tickUpper: reach, liquidity: liquidity * parts });
    }
    const trades = [trade(1, pool.sqrtPriceX96)];
    for (let at = 2; at < 400; at++) {
      const amountSpecified = (liquidity * BigInt(1 + ((at * 7919) % 13))) / 50n;
      swap(pool, { zeroForOne: (at * 31) % 5 < 2, amountSpecified });
      trades.push(trade(at, pool.sqrtPriceX96));
    }
    const found = recentFeesOf(trades, terms, window);
    for (const [growth, truth] of [
      [found?.growth0X128, pool.feeGrowthGlobal0X128],
      [found?.growth1X128, pool.feeGrowthGlobal1X128],
    ]) {
      const [reckoned, paid] = [tokensOwed(liquidity, growth ?? 0n, 0n), tokensOwed(liquidity, truth ?? 0n, 0n)];
      expect(paid).toBeGreaterThan(10n ** 12n);
      expect(reckoned).toBeLessThanOrEqual(paid);
      // The contract rounds each step's fee up: a few wei of 10^12 and more.
      expect(Number(paid - reckoned)).toBeLessThan(10_000);
    }
    expect(found?.windowS).toBe(1000);
  });

  it('are not known from fewer than two trades, and count within the window alone', () => {
    const prices = [1n << 96n, (11n << 96n) / 10n, 1n << 96n, (12n << 96n) / 10n];
    const trades = prices.map((price, index) => trade(index * 100, price));
    expect(recentFeesOf(trades.slice(0, 1), terms, window)).toBeNull();
    expect(recentFeesOf([], terms, window)).toBeNull();
    expect(recentFeesOf(trades, terms, { startS: 5, endS: 5 })).toBeNull();
    const late = recentFeesOf(trades, terms, { startS: 150, endS: 1000 });
    expect(late).toEqual(recentFeesOf(trades.slice(2), terms, { startS: 150, endS: 1000 }));
    expect(late?.growth0X128).toBe(0n);
    expect(late?.windowS).toBe(850);
  });
});
