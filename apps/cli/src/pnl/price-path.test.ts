import { describe, expect, it } from 'vitest';
import { priceAt, pricesBetween } from './price-path.ts';

const end = Number.POSITIVE_INFINITY;
const path = [
  { block: 10, logIndex: -1, sqrtPriceX96: 100n },
  { block: 10, logIndex: 4, sqrtPriceX96: 101n },
  { block: 12, logIndex: 0, sqrtPriceX96: 102n },
  { block: 12, logIndex: 7, sqrtPriceX96: 103n },
];

describe('a path of prices', () => {
  it('has before a log the price of the last swap before it, its own swap not yet', () => {
    const prices = [
      { block: 9, logIndex: 0 },
      { block: 10, logIndex: 4 },
      { block: 10, logIndex: 5 },
      { block: 11, logIndex: end },
      { block: 12, logIndex: 7 },
      { block: 12, logIndex: end },
      { block: 99, logIndex: 0 },
    ].map((moment) => priceAt(path, moment));
    expect(prices).toEqual([100n, 100n, 101n, 101n, 102n, 103n, 103n]);
  });

  it('between two moments begins with the price that stood and ends before the second', () => {
    expect(pricesBetween(path, { block: 10, logIndex: 2 }, { block: 12, logIndex: 7 })).toEqual([100n, 101n, 102n]);
    expect(pricesBetween(path, { block: 10, logIndex: 5 }, { block: 12, logIndex: 0 })).toEqual([101n]);
    expect(pricesBetween(path, { block: 12, logIndex: 0 }, { block: 12, logIndex: end })).toEqual([101n, 102n, 103n]);
  });
});
