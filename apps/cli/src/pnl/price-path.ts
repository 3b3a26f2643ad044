import type { PricePoint } from '@rangeward/adapter-evm/read-price-path';

/** A moment on the chain: what stands before a log. `logIndex` Infinity is the end of the block. */
export type Moment = { readonly block: number; readonly logIndex: number };

export function isBefore(a: Moment, b: Moment): boolean {
  return a.block < b.block || (a.block === b.block && a.logIndex < b.logIndex);
}

/** The pool's price right before a moment. The first point of a path holds for everything before the second. */
export function priceAt(path: readonly PricePoint[], moment: Moment): bigint {
  const point = path[Math.max(0, countBefore(path, moment) - 1)];
  if (point === undefined) throw new RangeError('a path of prices has at least the one it begins with');
  return point.sqrtPriceX96;
}

/** The price at `from` and every one after it, before `to`: what a position lived through between two moments. */
export function pricesBetween(path: readonly PricePoint[], from: Moment, to: Moment): bigint[] {
  const inside = path.slice(countBefore(path, from), countBefore(path, to)).map(({ sqrtPriceX96 }) => sqrtPriceX96);
  return [priceAt(path, from), ...inside];
}

function countBefore(path: readonly PricePoint[], moment: Moment): number {
  let low = 0;
  let high = path.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const point = path[middle];
    if (point !== undefined && isBefore(point, moment)) low = middle + 1;
    else high = middle;
  }
  return low;
}
