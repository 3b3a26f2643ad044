import { existsSync } from 'node:fs';
import type { Trade } from '@rangeward/market-data/swap-history';
import { readEvents } from '@rangeward/recording/read-events';
import { abs } from '@rangeward/uniswap-v3/full-math';
import { stablePerVolatile } from '@rangeward/uniswap-v3/price';
import { POOL_LOGS } from '../real-day/read-day.ts';
import { type Moment, observeDefaults, observeTrades } from './observe-trades.ts';

const EVERY_S = 300;

/**
 * Moments of the day, five minutes apart, with two hours behind each: a day is too short for the look-back of production.
 * Their horizons overlap, so there are far fewer independent outcomes than moments. Null where the day is not at hand.
 */
export async function recordedDay(horizonsS: readonly number[]): Promise<readonly Moment[] | null> {
  if (!existsSync(POOL_LOGS)) return null;
  const trades: Trade[] = [];
  for await (const event of readEvents(POOL_LOGS)) {
    if (event.kind !== 'swap') continue;
    const priceUsd = stablePerVolatile({ sqrtPriceX96: event.sqrtPriceX96, stable: 0, decimals0: 6, decimals1: 18 });
    trades.push({
      ...{ block: event.blockNumber, logIndex: event.logIndex, timeS: event.timestampS },
      sqrtPriceX96: event.sqrtPriceX96,
      ...{ stable: abs(event.amount0), volatile: abs(event.amount1), priceUsdE6: Math.round(priceUsd * 1e6) },
    });
  }
  const [first, last] = [trades[0], trades.at(-1)];
  if (first === undefined || last === undefined) return null;
  const fromS = Math.ceil(first.timeS / EVERY_S) * EVERY_S;
  const blockAt = (timeS: number) => trades.findLast((trade) => trade.timeS <= timeS)?.block ?? first.block;
  const options = { ...observeDefaults, lookbackS: 7200, everyS: EVERY_S, horizonsS };
  return observeTrades({ fromS, toS: last.timeS, trades }, blockAt, options);
}
