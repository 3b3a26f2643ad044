import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { Gas } from '@rangeward/adapter-evm/gas';
import type { PoolReading } from '@rangeward/adapter-evm/read-pool';
import type { PositionReading } from '@rangeward/adapter-evm/read-position';
import type { Quote } from '@rangeward/adapter-evm/read-quotes';
import type { Market, RecentFees } from '@rangeward/contracts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { isoTimeOf } from './iso-time.ts';
import { priceUsdE6At, type WatchedPool } from './watched-pool.ts';

export type MarketReadings = {
  readonly block: BlockHeader;
  readonly pool: PoolReading;
  readonly position: PositionReading;
  readonly positionId: string;
  /** Amounts put in when we began to manage the position; null when unknown. */
  readonly entry: { readonly amount0: bigint; readonly amount1: bigint } | null;
  /** What the position's plans left in the wallet. */
  readonly idle: { readonly amount0: bigint; readonly amount1: bigint };
  readonly gas: Gas;
  readonly quotes: readonly Quote[];
  /** Null when there were too few trades to tell. */
  readonly recentFees: RecentFees | null;
  readonly nativePriceUsdE6: number;
};

/** The market of an event from what was read at one block. Values in micro-dollars are rounded down. */
export function describeMarket(watched: WatchedPool, readings: MarketReadings): Market {
  const { block, gas, nativePriceUsdE6, quotes, recentFees } = readings;
  return {
    block: { number: block.number, hash: block.hash, time: isoTimeOf(block) },
    pool: describePool(watched, readings.pool),
    position: describePosition(watched, readings),
    gas,
    nativePriceUsdE6,
    swapQuotes: [...quotes],
    ...(recentFees === null ? {} : { recentFees }),
  };
}

function describePool(watched: WatchedPool, pool: PoolReading): Market['pool'] {
  const { token0, token1 } = watched.settings;
  const { token0: address0, token1: address1, ...state } = pool;
  return {
    ...state,
    token0: { address: address0, symbol: token0.symbol, decimals: token0.decimals },
    token1: { address: address1, symbol: token1.symbol, decimals: token1.decimals },
    stable: watched.stable,
    priceUsdE6: priceUsdE6At(watched, pool.sqrtPriceX96),
  };
}

function describePosition(watched: WatchedPool, readings: MarketReadings): Market['position'] {
  const { position, entry, idle, pool } = readings;
  const { tokenId, owner, tickLower, tickUpper, liquidity, amount0, amount1, fees0, fees1, inRange } = position;
  const { sqrtPriceX96 } = pool;
  const usdE6 = (of0: bigint, of1: bigint) =>
    Number(valueUsdE6({ amount0: of0, amount1: of1, sqrtPriceX96, stable: watched.stable }));
  return {
    id: readings.positionId,
    ...{ tokenId, owner, tickLower, tickUpper, liquidity, amount0, amount1, fees0, fees1, inRange },
    valueUsdE6: usdE6(amount0 + fees0, amount1 + fees1),
    feesUsdE6: usdE6(fees0, fees1),
    entry,
    hodlUsdE6: entry === null ? null : usdE6(entry.amount0, entry.amount1),
    idle,
    idleUsdE6: usdE6(idle.amount0, idle.amount1),
  };
}
