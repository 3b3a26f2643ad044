import type { SwapRow } from '@rangeward/adapter-evm/decode-pool-log';
import { abs } from '@rangeward/uniswap-v3/full-math';
import type { Trade } from './swap-history.ts';
import { priceUsdE6At, type WatchedPool } from './watched-pool.ts';

/** A swap's row as a trade; `timeS` is its block's time. */
export function toTrade(pool: WatchedPool, row: SwapRow, timeS: number): Trade {
  const stable = pool.stable === 0 ? row.amount0 : row.amount1;
  const volatile = pool.stable === 0 ? row.amount1 : row.amount0;
  return {
    block: row.blockNumber,
    logIndex: row.logIndex,
    timeS,
    priceUsdE6: priceUsdE6At(pool, row.sqrtPriceX96),
    sqrtPriceX96: row.sqrtPriceX96,
    stable: abs(stable),
    volatile: abs(volatile),
  };
}
