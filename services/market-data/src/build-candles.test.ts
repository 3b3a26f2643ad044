import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildCandles, sumByBlock, windowStartS } from './build-candles.ts';
import { realisedVolatility, volatilityRatio } from './measure-volatility.ts';
import { dropAbove, putBlock, type SwapHistory, type Trade, tradesUntil, trimBefore } from './swap-history.ts';
import { toTrade } from './to-trade.ts';
import { watchedPool } from './watched-pool.ts';

const trade = (block: number, timeS: number, priceUsdE6: number, stable = 5n, logIndex = 0): Trade => ({
  block,
  logIndex,
  timeS,
  priceUsdE6,
  sqrtPriceX96: BigInt(priceUsdE6) << 96n,
  stable,
  volatile: 1n,
});
const window = { candleSeconds: 60, endS: 330, lookbackS: 300 };

test('candles hold first, highest, lowest and last price; an empty one repeats the close; the last may be unfinished', () => {
  const trades = [trade(1, 61, 10), trade(1, 61, 14), trade(2, 119, 8), trade(3, 250, 9), trade(4, 330, 7)];
  const empty = { swaps: 0, volumeUsdE6: 0 };
  expect(buildCandles(trades, window, 6)).toEqual([
    { startS: 60, open: 10, high: 14, low: 8, close: 8, volumeUsdE6: 15, swaps: 3 },
    { startS: 120, open: 8, high: 8, low: 8, close: 8, ...empty },
    { startS: 180, open: 8, high: 8, low: 8, close: 8, ...empty },
    { startS: 240, open: 9, high: 9, low: 9, close: 9, volumeUsdE6: 5, swaps: 1 },
    { startS: 300, open: 7, high: 7, low: 7, close: 7, volumeUsdE6: 5, swaps: 1 },
  ]);
});

test('a quiet end is filled up to the block; trades outside the window are left out; none make no candles', () => {
  expect(
    buildCandles([trade(1, 59, 1), trade(2, 130, 10), trade(9, 331, 99)], window, 6).map(({ startS }) => startS),
  ).toEqual([120, 180, 240, 300]);
  expect(buildCandles([], window, 6)).toEqual([]);
});

test('candles have no gaps, and nothing traded is lost or counted twice', () => {
  const trades = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 50 })
    .map((rows) => rows.sort((a, b) => a[0] - b[0]).map(([timeS, price]) => trade(timeS, timeS, price)));
  fc.assert(
    fc.property(trades, fc.integer({ min: 1000, max: 4000 }), (given, endS) => {
      const of = { candleSeconds: 60, endS, lookbackS: 1800 };
      const candles = buildCandles(given, of, 6);
      candles.slice(1).forEach((candle, index) => {
        expect(candle.startS - (candles[index]?.startS ?? 0)).toBe(60);
      });
      const inside = given.filter(({ timeS }) => timeS >= windowStartS(of) && timeS <= endS);
      expect(candles.reduce((sum, { swaps }) => sum + swaps, 0)).toBe(inside.length);
      expect(candles.length).toBeLessThanOrEqual(31);
      if (inside.length > 0) expect(candles.at(-1)?.startS).toBe(Math.floor(endS / 60) * 60);
    }),
  );
});

test('the rolling window sums by block and holds exactly its blocks', () => {
  const trades = [trade(900, 1, 1), trade(901, 1, 1), trade(950, 2, 1, 7n), trade(950, 2, 1, 3n), trade(1001, 3, 1)];
  expect(sumByBlock(trades, 1000, 100)).toEqual([
    { block: 901, stable: 5n, volatile: 1n },
    { block: 950, stable: 10n, volatile: 2n },
  ]);
});

test('volatility of a price that goes up and down by 1 % every minute is 1 % times the root of minutes in a year', () => {
  const candles = Array.from({ length: 21 }, (_, index) => {
    const close = index % 2 === 0 ? 1_000_000 : 1_010_000;
    return { startS: index * 60, open: close, high: close, low: close, close, volumeUsdE6: 0, swaps: 1 };
  });
  const annual = realisedVolatility(candles, 0, 21 * 60);
  expect(annual).toBeCloseTo(Math.log(1.01) * Math.sqrt(365 * 24 * 60), 6);
  expect(realisedVolatility(candles, 20 * 60, 21 * 60)).toBeNull();
  expect(volatilityRatio(annual, null)).toBeNull();
  expect(volatilityRatio(3, 0)).toBeNull();
  expect(volatilityRatio(3, 2)).toBe(1.5);
});

describe('the history of a pool', () => {
  const history: SwapHistory = { from: 10, to: 20, trades: [trade(12, 120, 1), trade(15, 150, 1), trade(20, 200, 1)] };
  const blocks = (of: SwapHistory | null) => of?.trades.map(({ block }) => block);

  test('takes the next block, replaces one it has, passes over what is older, and refuses a gap', () => {
    expect(blocks(putBlock(history, 21, [trade(21, 210, 1)]))).toEqual([12, 15, 20, 21]);
    expect(putBlock(history, 21, [])?.to).toBe(21);
    expect(blocks(putBlock(history, 15, []))).toEqual([12, 20]);
    expect(blocks(putBlock(history, 13, [trade(13, 130, 1)]))).toEqual([12, 13, 15, 20]);
    expect(putBlock(history, 9, [trade(9, 90, 1)])).toBe(history);
    expect(putBlock(history, 22, [])).toBeNull();
  });

  test('drops what fell off, and all of it when nothing is left', () => {
    expect(dropAbove(history, 15)).toMatchObject({ to: 15 });
    expect(blocks(dropAbove(history, 15))).toEqual([12, 15]);
    expect(dropAbove(history, 25)).toBe(history);
    expect(dropAbove(history, 9)).toBeNull();
  });

  test('trims to whole blocks and answers up to a block', () => {
    expect(trimBefore(history, 130)).toMatchObject({ from: 15, to: 20 });
    expect(tradesUntil(history, 19, 130).map(({ block }) => block)).toEqual([15]);
  });

  test('fed block by block through reorganisations it equals what is there in the end', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('block' as const), trades: fc.integer({ min: 0, max: 3 }) }),
        fc.record({ kind: fc.constant('reorg' as const), depth: fc.integer({ min: 1, max: 4 }) }),
      ),
    );
    fc.assert(
      fc.property(steps, (given) => {
        let kept: SwapHistory | null = { from: 0, to: 10, trades: [] };
        let expected: Trade[] = [];
        let tip = 10;
        for (const [index, step] of given.entries()) {
          if (step.kind === 'reorg') {
            tip = Math.max(10, tip - step.depth);
            const ancestor = tip;
            expected = expected.filter(({ block }) => block <= ancestor);
            kept = kept === null ? null : dropAbove(kept, ancestor);
          } else {
            tip += 1;
            const mined = Array.from({ length: step.trades }, (_, at) => trade(tip, tip * 12, index, 1n, at));
            expected.push(...mined);
            kept = kept === null ? null : putBlock(kept, tip, mined);
          }
        }
        expect(kept).toEqual({ from: 0, to: tip, trades: expected });
      }),
    );
  });
});

test.each(['token0', 'token1'] as const)('a swap reads the same with the dollar as %s', (stable) => {
  const usdc = { symbol: 'USDC', decimals: 6 };
  const weth = { symbol: 'WETH', decimals: 18 };
  const address = `0x${'11'.repeat(20)}` as const;
  const isToken0 = stable === 'token0';
  const pool = watchedPool('local', {
    ...{ address, stable, positions: [] },
    token0: isToken0 ? usdc : weth,
    token1: isToken0 ? weth : usdc,
  });
  // 3,000 USDC for one WETH: sqrt(1e18 / 3e9) or sqrt(3e9 / 1e18), times 2^96.
  const root = isToken0 ? Math.sqrt(1e18 / 3e9) : Math.sqrt(3e9 / 1e18);
  const [paid, got] = [3_000_000_000n, -(10n ** 18n)];
  const made = toTrade(
    pool,
    {
      kind: 'swap',
      ...{ pool: address, blockNumber: 1, blockHash: '0x1', logIndex: 2, txHash: '0x2', timestampS: undefined },
      ...{ amount0: isToken0 ? paid : got, amount1: isToken0 ? got : paid },
      ...{ sqrtPriceX96: BigInt(Math.round(root * 2 ** 48)) << 48n, liquidity: 1n, tick: 0 },
    },
    12,
  );
  expect(made).toMatchObject({ block: 1, logIndex: 2, timeS: 12, stable: 3_000_000_000n, volatile: 10n ** 18n });
  expect(Math.abs(made.priceUsdE6 - 3_000_000_000)).toBeLessThan(1000);
});
