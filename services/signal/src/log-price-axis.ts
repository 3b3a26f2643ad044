import type { Market } from '@rangeward/contracts';

/**
 * The straight line between ticks and the logarithm of the price in dollars: log(price) = slope * tick + offset.
 * A tick is a power of 1.0001 of token1 per token0, so with the dollar as token1 (Base) the price rises with the tick and
 * with the dollar as token0 (Ethereum) it falls.
 */
export type LogPriceAxis = { readonly slope: number; readonly offset: number };

const LOG_TICK = Math.log(1.0001);

export function logPriceAxis(pool: Market['pool']): LogPriceAxis {
  const sign = pool.stable === 1 ? 1 : -1;
  return { slope: sign * LOG_TICK, offset: sign * (pool.token0.decimals - pool.token1.decimals) * Math.LN10 };
}

/** Natural logarithm of the price in USD at a tick, which may lie between two whole ones. */
export function logPriceAtTick(axis: LogPriceAxis, tick: number): number {
  return axis.slope * tick + axis.offset;
}

/** The tick, not rounded, at which the price has this logarithm. */
export function tickAtLogPrice(axis: LogPriceAxis, logPrice: number): number {
  return (logPrice - axis.offset) / axis.slope;
}

/** Micro-dollars of a price given by its logarithm, rounded to nearest. */
export function usdE6FromLog(logPrice: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.round(Math.exp(logPrice) * 1e6));
}
