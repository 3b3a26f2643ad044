import { buildCandles } from '@rangeward/market-data/build-candles';
import { recentFeesOf as measureFees } from '@rangeward/market-data/measure-fees';
import type { Trade } from '@rangeward/market-data/swap-history';
import { priceUsdE6At } from '@rangeward/market-data/watched-pool';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCandleBook } from './candle-book.ts';
import { recentFeesOf } from './observe-market.ts';
import { usdcWethTerms, watchedPoolOf } from './pool-terms.ts';
import { appendTrade, createColumns } from './trade-columns.ts';

const candleSeconds = 300;
const lookbackS = 3600;
const aTrade = fc.record({
  afterS: fc.constantFrom(0, 0, 12, 12, 60, 299, 301, 1500, 5000),
  tick: fc.integer({ min: 195_000, max: 197_000 }),
  stable: fc.bigInt(1n, 10n ** 12n),
});

it.each([0, 1] as const)(
  'says what market-data makes of the same swaps, whenever it is asked (dollar as token%i)',
  (stable) => {
    const terms = usdcWethTerms({ stable });
    const watched = watchedPoolOf(terms);
    const property = fc.property(
      fc.array(aTrade, { minLength: 1, maxLength: 60 }),
      fc.array(fc.constantFrom(1, 7, 290, 900), { maxLength: 60 }),
      (steps, waits) => {
        const columns = createColumns(4);
        const book = createCandleBook(columns, candleSeconds);
        const trades: Trade[] = [];
        let timeS = 1_700_000_000;
        for (const [at, step] of steps.entries()) {
          timeS += step.afterS;
          const sqrtPriceX96 = getSqrtRatioAtTick(stable === 0 ? step.tick : -step.tick);
          const [amount0, amount1] = stable === 0 ? [step.stable, -5n] : [-5n, step.stable];
          const row = { timeS, block: Math.floor(timeS / 12), tick: step.tick, sqrtPriceX96, amount0, amount1 };
          appendTrade(columns, terms, row);
          const priceUsdE6 = priceUsdE6At(watched, sqrtPriceX96);
          trades.push({
            block: row.block,
            logIndex: at,
            timeS,
            priceUsdE6,
            stable: step.stable,
            volatile: 5n,
            sqrtPriceX96,
          });
          expect(columns.priceUsdE6[at]).toBe(priceUsdE6);
          const wait = waits[at];
          if (wait === undefined) continue;
          // Time passes without swaps, and the next one comes after it.
          timeS += wait;
          const window = { candleSeconds, endS: timeS, lookbackS };
          expect(book.at(timeS, lookbackS)).toEqual(buildCandles(trades, window, 6));
          const startS = Math.max(timeS - lookbackS, trades[0]?.timeS ?? 0);
          const fees = { feePips: terms.feePips, feeProtocol0: 0, feeProtocol1: 0 };
          expect(recentFeesOf(columns, timeS, lookbackS)).toEqual(measureFees(trades, fees, { startS, endS: timeS }));
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  },
);
