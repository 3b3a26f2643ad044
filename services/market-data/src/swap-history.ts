/** A swap as candles and averages need it. */
export type Trade = {
  readonly block: number;
  readonly logIndex: number;
  /** Time of its block, Unix seconds. */
  readonly timeS: number;
  /** Price after it, micro-dollars per whole volatile token, rounded down. */
  readonly priceUsdE6: number;
  /** The same as the pool holds it, Q64.96. */
  readonly sqrtPriceX96: bigint;
  /** Raw amounts that changed hands, whichever way. */
  readonly stable: bigint;
  readonly volatile: bigint;
};

/** Trades of all blocks `from` to `to`, both included, in order. */
export type SwapHistory = { readonly from: number; readonly to: number; readonly trades: readonly Trade[] };

/**
 * The history with one block's trades put in: after its end, or in place of what it held of that block; a block before
 * the beginning is passed over. Null when blocks are missing between: then the history must be read again.
 */
export function putBlock(history: SwapHistory, block: number, trades: readonly Trade[]): SwapHistory | null {
  if (block < history.from) return history;
  if (block > history.to + 1) return null;
  if (block === history.to + 1) {
    return { ...history, to: block, trades: trades.length === 0 ? history.trades : history.trades.concat(trades) };
  }
  const start = firstAtOrAfter(history.trades, block);
  const end = firstAtOrAfter(history.trades, block + 1);
  return { ...history, trades: history.trades.toSpliced(start, end - start, ...trades) };
}

/** The history up to and with `block`; null when nothing of it stays. */
export function dropAbove(history: SwapHistory, block: number): SwapHistory | null {
  if (block >= history.to) return history;
  if (block < history.from) return null;
  return { ...history, to: block, trades: history.trades.slice(0, firstAtOrAfter(history.trades, block + 1)) };
}

/** Forgets trades before `timeS`; the covered blocks begin with the first one that is kept. */
export function trimBefore(history: SwapHistory, timeS: number): SwapHistory {
  const first = history.trades.findIndex((trade) => trade.timeS >= timeS);
  if (first <= 0) return history;
  const from = history.trades[first]?.block ?? history.from;
  return { ...history, from, trades: history.trades.slice(first) };
}

/** Trades from `sinceS` on, in blocks up to `block`. */
export function tradesUntil(history: SwapHistory, block: number, sinceS: number): readonly Trade[] {
  const end = firstAtOrAfter(history.trades, block + 1);
  return history.trades.slice(0, end).filter((trade) => trade.timeS >= sinceS);
}

/** Index of the first trade in `block` or later; the trades are in order. */
function firstAtOrAfter(trades: readonly Trade[], block: number): number {
  let low = 0;
  let high = trades.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((trades[middle]?.block ?? block) < block) low = middle + 1;
    else high = middle;
  }
  return low;
}
