import { sqrtPriceX96FromStablePerVolatile } from '@rangeward/uniswap-v3/price';
import { expect, it } from 'vitest';
import { usdcWethTerms } from './pool-terms.ts';
import { pathOfPrices } from './price-series.ts';
import { appendTrade, createColumns } from './trade-columns.ts';

const PRICES_USD = [3000, 3030, 2975, 2975, 3100];

it.each([
  [0, 0],
  [0, 4],
  [1, 0],
  [1, 10],
] as const)(
  'a series earns what swaps to the same prices would (the dollar as token%i, 1/%i for the protocol)',
  (stable, protocolPart) => {
    const terms = usdcWethTerms({ stable, protocolPart });
    const pricesUsd = Float64Array.from(PRICES_USD);
    const { columns } = pathOfPrices(terms, { startS: 1_700_000_000, stepS: 60, pricesUsd, liquidity: 1e18 });
    const swaps = createColumns(PRICES_USD.length);
    const decimals = { decimals0: terms.token0.decimals, decimals1: terms.token1.decimals };
    for (const price of PRICES_USD) {
      const sqrtPriceX96 = sqrtPriceX96FromStablePerVolatile({ price, stable, ...decimals });
      appendTrade(swaps, terms, { timeS: 0, block: 0, tick: 0, sqrtPriceX96, amount0: 1n, amount1: -1n });
    }
    for (const token of ['growth0X128', 'growth1X128'] as const) {
      const [series, exact] = [columns, swaps].map((of) => Number(of[token].at(-1)));
      expect(exact).toBeGreaterThan(0);
      expect((series ?? 0) / (exact ?? 1)).toBeCloseTo(1, 6);
    }
    expect(columns.sqrtPrice.every((root, at) => Math.abs(root / (swaps.sqrtPrice[at] ?? 0) - 1) < 1e-12)).toBe(true);
  },
);
