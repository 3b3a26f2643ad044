import type { PoolSettings } from '@rangeward/adapter-evm/settings';
import { volatilePriceUsdE6 } from '@rangeward/uniswap-v3/price';

/** A configured pool, with which of its tokens is the dollar in the form the mathematics takes. */
export type WatchedPool = {
  readonly chain: string;
  readonly address: PoolSettings['address'];
  readonly settings: PoolSettings;
  readonly stable: 0 | 1;
  readonly stableDecimals: number;
  readonly volatileDecimals: number;
};

export function watchedPool(chain: string, settings: PoolSettings): WatchedPool {
  const isToken0 = settings.stable === 'token0';
  const [stable, volatile] = isToken0 ? [settings.token0, settings.token1] : [settings.token1, settings.token0];
  return {
    chain,
    address: settings.address,
    settings,
    stable: isToken0 ? 0 : 1,
    stableDecimals: stable.decimals,
    volatileDecimals: volatile.decimals,
  };
}

/** Micro-dollars per whole volatile token, rounded down. */
export function priceUsdE6At(pool: WatchedPool, sqrtPriceX96: bigint): number {
  return Number(volatilePriceUsdE6({ sqrtPriceX96, stable: pool.stable, decimalsVolatile: pool.volatileDecimals }));
}
