import { MAX_TICK, MIN_TICK } from '@rangeward/uniswap-v3/tick-math';
import { feePerPathUnit, type PoolTerms, sqrtPriceAtUsd } from './pool-terms.ts';
import type { PricePath } from './price-path-market.ts';

/** Prices at even steps, as an exchange or an index has them. */
export type PriceSeries = {
  readonly startS: number;
  readonly stepS: number;
  /** Dollars for one volatile token. */
  readonly pricesUsd: Float64Array;
  /** In range of the pool throughout, raw units. */
  readonly liquidity: number;
};

/**
 * A series as the path of a pool that follows it, one swap a step, for long pasts of which no swaps are known. Numbers, not
 * bigints, so right to their digits; and what the price did between two steps earned nothing, so fees come out too low.
 */
export function pathOfPrices(terms: PoolTerms, series: PriceSeries): PricePath {
  const { startS, stepS, pricesUsd, liquidity } = series;
  const count = pricesUsd.length;
  const keep0 = feePerPathUnit(terms, true);
  const keep1 = feePerPathUnit(terms, false);
  const columns = {
    length: count,
    timeS: Float64Array.from(pricesUsd, (_, at) => startS + at * stepS),
    block: Float64Array.from(pricesUsd, (_, at) => Math.floor((at * stepS) / terms.blockTimeS)),
    tick: new Int32Array(count),
    sqrtPrice: Float64Array.from(pricesUsd, (usd) => sqrtPriceAtUsd(terms, usd)),
    priceUsdE6: Float64Array.from(pricesUsd, (usd) => Math.floor(usd * 1e6)),
    stableRaw: new Float64Array(count),
    volatileRaw: new Array<number>(count).fill(0),
    growth0X128: new Array<number>(count).fill(0),
    growth1X128: new Array<number>(count).fill(0),
    lastSqrtPriceX96: 0n,
  };
  for (let at = 0; at < count; at += 1) {
    const now = columns.sqrtPrice[at] ?? 1;
    const before = columns.sqrtPrice[at - 1] ?? now;
    const [fell, rose] = [Math.max(0, 1 / now - 1 / before), Math.max(0, now - before)];
    const [amount0, amount1] = [liquidity * Math.abs(1 / now - 1 / before), liquidity * Math.abs(now - before)];
    columns.tick[at] = Math.min(MAX_TICK, Math.max(MIN_TICK, Math.floor((2 * Math.log(now)) / Math.log(1.0001))));
    columns.stableRaw[at] = Math.round(terms.stable === 0 ? amount0 : amount1);
    columns.volatileRaw[at] = Math.round(terms.stable === 0 ? amount1 : amount0);
    columns.growth0X128[at] = (columns.growth0X128[at - 1] ?? 0) + fell * keep0 * 2 ** 128;
    columns.growth1X128[at] = (columns.growth1X128[at - 1] ?? 0) + rose * keep1 * 2 ** 128;
  }
  return { columns, liquidity: new Float64Array(count).fill(liquidity), sqrtPricesX96: null };
}
