import type { Candle } from '@rangeward/contracts';
import { windowStartS } from '@rangeward/market-data/build-candles';
import type { TradeColumns } from './trade-columns.ts';

/**
 * Candles kept up to date as swaps come in. What it answers is what market-data's `buildCandles` makes of the same swaps
 * (a test holds the two together), but a decision costs the new swaps alone, not a day of them again.
 */
export type CandleBook = {
  /** Candles of the look-back that ends at `endS`; not before the last time it was asked for. */
  at(endS: number, lookbackS: number): Candle[];
};

type Draft = { -readonly [Key in keyof Candle]: Candle[Key] };

export function createCandleBook(columns: TradeColumns, candleSeconds: number): CandleBook {
  /** Without gaps from the first swap on; all of them over. */
  const finished: Candle[] = [];
  let open: Draft | undefined;
  let taken = 0;

  function finishUpTo(nextS: number): void {
    if (open === undefined || open.startS >= nextS) return;
    finished.push(open);
    const { startS, close } = open;
    for (let at = startS + candleSeconds; at < nextS; at += candleSeconds) finished.push(emptyCandle(at, close));
    open = undefined;
  }

  function takeUntil(endS: number): void {
    for (; taken < columns.length; taken += 1) {
      const timeS = columns.timeS[taken] ?? 0;
      if (timeS > endS) return;
      const startS = Math.floor(timeS / candleSeconds) * candleSeconds;
      finishUpTo(startS);
      open = addTrade(open, startS, columns, taken);
    }
  }

  return {
    at(endS, lookbackS) {
      takeUntil(endS);
      const startS = windowStartS({ candleSeconds, endS, lookbackS });
      const first = finished[0]?.startS ?? startS;
      let from = Math.max(0, Math.round((startS - first) / candleSeconds));
      // Before the first swap of the window no price is known to it.
      while (finished[from]?.swaps === 0) from += 1;
      const candles = finished.slice(from);
      if (open !== undefined && open.startS >= startS) {
        candles.push({ ...open });
        const last = Math.floor(endS / candleSeconds) * candleSeconds;
        for (let at = open.startS + candleSeconds; at <= last; at += candleSeconds) {
          candles.push(emptyCandle(at, open.close));
        }
      }
      return candles;
    },
  };
}

function addTrade(draft: Draft | undefined, startS: number, columns: TradeColumns, at: number): Draft {
  const price = columns.priceUsdE6[at] ?? 0;
  const volumeUsdE6 = columns.stableRaw[at] ?? 0;
  if (draft === undefined) {
    return { startS, open: price, high: price, low: price, close: price, volumeUsdE6, swaps: 1 };
  }
  if (price > draft.high) draft.high = price;
  if (price < draft.low) draft.low = price;
  draft.close = price;
  draft.volumeUsdE6 += volumeUsdE6;
  draft.swaps += 1;
  return draft;
}

function emptyCandle(startS: number, close: number): Candle {
  return { startS, open: close, high: close, low: close, close, volumeUsdE6: 0, swaps: 0 };
}
