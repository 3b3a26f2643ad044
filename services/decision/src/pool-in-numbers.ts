import type { Market } from '@rangeward/contracts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';

/**
 * A pool's price as numbers, good to about 13 digits: what is expected of the future has no use for wei, and a backtest
 * asks thousands of times. Whatever moves money is worked out in integers, in the executor.
 */
export type PoolInNumbers = {
  /** Square root of raw token1 per raw token0. */
  readonly root: number;
  /** The tick with its fraction. */
  readonly tick: number;
  /** Micro-dollars of one raw unit of each token, one dollar token taken as one dollar. */
  readonly token0UsdE6: number;
  readonly token1UsdE6: number;
  /** Whole dollar tokens for one whole volatile token. */
  readonly priceUsd: number;
};

/** A tick as a natural logarithm of the price. */
export const LOG_TICK = Math.log(1.0001);

const TWO_POW_96 = 2 ** 96;

export function poolInNumbers(pool: Market['pool']): PoolInNumbers {
  const { stable, token0, token1 } = pool;
  const root = Number(pool.sqrtPriceX96) / TWO_POW_96;
  const square = root * root;
  const [dollar, volatile] = stable === 0 ? [token0, token1] : [token1, token0];
  const rawUsdE6 = 10 ** (6 - dollar.decimals);
  const volatileRawUsdE6 = stable === 0 ? rawUsdE6 / square : rawUsdE6 * square;
  return {
    root,
    tick: (2 * Math.log(root)) / LOG_TICK,
    token0UsdE6: stable === 0 ? rawUsdE6 : volatileRawUsdE6,
    token1UsdE6: stable === 0 ? volatileRawUsdE6 : rawUsdE6,
    priceUsd: (volatileRawUsdE6 * 10 ** volatile.decimals) / 1e6,
  };
}

export function rootAtTick(tick: number): number {
  return Math.exp((tick * LOG_TICK) / 2);
}

/** Raw amounts of both tokens that one unit of liquidity holds in a range at the pool's price. */
export function amountsPerLiquidity(
  pool: PoolInNumbers,
  range: TickRange,
): { readonly amount0: number; readonly amount1: number } {
  const low = rootAtTick(range.tickLower);
  const high = rootAtTick(range.tickUpper);
  const root = Math.min(high, Math.max(low, pool.root));
  return { amount0: 1 / root - 1 / high, amount1: root - low };
}
