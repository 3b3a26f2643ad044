import type { Candle } from '@rangeward/contracts';
import { stableUsdE6RoundingDown } from '@rangeward/uniswap-v3/price';
import type { Trade } from './swap-history.ts';

type CandleWindow = {
  /** Length of a candle; candles start at multiples of it since 1970. */
  readonly candleSeconds: number;
  /** Time of the block the window ends with; its candle is the last one and may be unfinished. */
  readonly endS: number;
  readonly lookbackS: number;
};

/** Start of the first candle that lies wholly within the look-back. */
export function windowStartS({ candleSeconds, endS, lookbackS }: CandleWindow): number {
  return Math.ceil((endS - lookbackS) / candleSeconds) * candleSeconds;
}

/**
 * Candles of the trades within the window, oldest first, without gaps: one without trades repeats the close before it
 * with volume 0. They begin with the first trade of the window; before that no price is known. `trades` is in order.
 */
export function buildCandles(trades: readonly Trade[], window: CandleWindow, stableDecimals: number): Candle[] {
  const { candleSeconds, endS } = window;
  const startS = windowStartS(window);
  const candles: Candle[] = [];
  let open: Draft | undefined;
  for (const trade of trades) {
    if (trade.timeS < startS || trade.timeS > endS) continue;
    const at = Math.floor(trade.timeS / candleSeconds) * candleSeconds;
    if (open !== undefined && open.startS !== at) {
      closeUpTo(candles, open, at, candleSeconds, stableDecimals);
      open = undefined;
    }
    open = addTrade(open, at, trade);
  }
  if (open !== undefined) {
    const afterLast = Math.floor(endS / candleSeconds) * candleSeconds + candleSeconds;
    closeUpTo(candles, open, afterLast, candleSeconds, stableDecimals);
  }
  return candles;
}

type Draft = {
  readonly startS: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  stable: bigint;
  swaps: number;
};

function addTrade(draft: Draft | undefined, startS: number, trade: Trade): Draft {
  const price = trade.priceUsdE6;
  if (draft === undefined) {
    return { startS, open: price, high: price, low: price, close: price, stable: trade.stable, swaps: 1 };
  }
  draft.high = Math.max(draft.high, price);
  draft.low = Math.min(draft.low, price);
  draft.close = price;
  draft.stable += trade.stable;
  draft.swaps += 1;
  return draft;
}

/** Writes the draft and the empty candles after it, up to but without the one that starts at `nextS`. */
function closeUpTo(candles: Candle[], draft: Draft, nextS: number, seconds: number, stableDecimals: number): void {
  const { startS, open, high, low, close, swaps } = draft;
  const volumeUsdE6 = Number(stableUsdE6RoundingDown(draft.stable, stableDecimals));
  candles.push({ startS, open, high, low, close, volumeUsdE6, swaps });
  for (let at = startS + seconds; at < nextS; at += seconds) {
    candles.push({ startS: at, open: close, high: close, low: close, close, volumeUsdE6: 0, swaps: 0 });
  }
}

/** Traded amounts by block over the last `blocks` blocks up to `lastBlock`, oldest first; blocks without trades are left out. */
export function sumByBlock(
  trades: readonly Trade[],
  lastBlock: number,
  blocks: number,
): { block: number; volatile: bigint; stable: bigint }[] {
  const rows = new Map<number, { block: number; volatile: bigint; stable: bigint }>();
  for (const { block, volatile, stable } of trades) {
    if (block <= lastBlock - blocks || block > lastBlock) continue;
    const row = rows.get(block) ?? { block, volatile: 0n, stable: 0n };
    row.volatile += volatile;
    row.stable += stable;
    rows.set(block, row);
  }
  return [...rows.values()];
}
