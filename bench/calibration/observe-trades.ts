import type { EventData, marketObserved } from '@rangeward/contracts';
import { buildCandles, sumByBlock } from '@rangeward/market-data/build-candles';
import { realisedVolatility } from '@rangeward/market-data/measure-volatility';
import type { Trade } from '@rangeward/market-data/swap-history';
import { sqrtPriceX96FromStablePerVolatile, tickFromStablePerVolatile } from '@rangeward/uniswap-v3/price';

type Observed = EventData<typeof marketObserved>;

/** A moment at which a view is asked for, and the prices that came after it. */
export type Moment = {
  readonly observed: Observed;
  readonly nowLog: number;
  /** Logarithm of the pool's price at the end of each horizon that was asked for, by its seconds. */
  readonly outcomeLogs: ReadonlyMap<number, number>;
};

export type ObserveOptions = {
  readonly everyS: number;
  readonly horizonsS: readonly number[];
  readonly candleSeconds: number;
  readonly lookbackS: number;
  readonly vwapBlocks: number;
  readonly stable: 0 | 1;
};

/** As market-data is configured when nobody says otherwise. */
export const observeDefaults = { candleSeconds: 300, lookbackS: 86_400, vwapBlocks: 100, stable: 0 } as const;

/** Stretch of trades in the chain's order; blocks without trades are between. */
export type Stretch = { readonly fromS: number; readonly toS: number; readonly trades: readonly Trade[] };

/**
 * What market-data would have said every `everyS`, from the first moment with a whole look-back behind it to the last with
 * the longest horizon before it. Position and gas are no part of a view and stay what they are.
 */
export function observeTrades(stretch: Stretch, blockAt: (timeS: number) => number, options: ObserveOptions): Moment[] {
  const { trades, toS } = stretch;
  const { everyS, horizonsS, lookbackS } = options;
  const cursor = openCursor(trades);
  const all = buildCandles(trades, { ...options, endS: toS, lookbackS: toS - stretch.fromS }, 6);
  const moments: Moment[] = [];
  const lastS = toS - Math.max(...horizonsS);
  for (let timeS = stretch.fromS + lookbackS; timeS <= lastS; timeS += everyS) {
    const now = cursor.lastAt(timeS);
    const last = trades[now];
    if (last === undefined) continue;
    const outcomes = horizonsS.map((horizonS) => [horizonS, logOf(trades[cursor.lastAt(timeS + horizonS)])] as const);
    moments.push({
      observed: observeAt({ trades, all, now, timeS, block: blockAt(timeS) }, options),
      nowLog: logOf(last),
      outcomeLogs: new Map(outcomes),
    });
  }
  return moments;
}

type At = {
  readonly trades: readonly Trade[];
  readonly all: Observed['candles'];
  /** Index of the last trade. */
  readonly now: number;
  readonly timeS: number;
  readonly block: number;
};

function observeAt({ trades, all, now, timeS, block }: At, options: ObserveOptions): Observed {
  const { candleSeconds, lookbackS, vwapBlocks } = options;
  const openS = Math.floor(timeS / candleSeconds) * candleSeconds;
  const firstS = Math.ceil((timeS - lookbackS) / candleSeconds) * candleSeconds;
  const offset = all[0]?.startS ?? 0;
  const whole = all.slice(
    Math.max(0, (firstS - offset) / candleSeconds),
    Math.max(0, (openS - offset) / candleSeconds),
  );
  const recent = trades.slice(Math.max(0, now - 20 * vwapBlocks), now + 1);
  const unfinished = buildCandles(recent, { candleSeconds, endS: timeS, lookbackS: timeS - openS }, 6);
  const before = whole.at(-1)?.close;
  // market-data repeats the close in a candle that has no trades yet.
  const quiet = { startS: openS, open: 0, high: 0, low: 0, close: 0, volumeUsdE6: 0, swaps: 0 };
  const filler = before === undefined ? [] : [{ ...quiet, open: before, high: before, low: before, close: before }];
  const candles = [...whole, ...(unfinished.length > 0 ? unfinished : filler)];
  const priceUsdE6 = trades[now]?.priceUsdE6 ?? 0;
  return {
    ...sampleRun(timeS, block, priceUsdE6, options.stable),
    candleSeconds,
    candles,
    vwapWindow: sumByBlock(recent, block, vwapBlocks),
    vwapWindowBlocks: vwapBlocks,
    realisedAnnual: realisedVolatility(candles, timeS - 3600, timeS),
    normalAnnual: realisedVolatility(candles, 0, timeS),
    feedComplete: true,
  };
}

/** Finds the last trade at or before a time; times may go back and forth. */
function openCursor(trades: readonly Trade[]): { lastAt(timeS: number): number } {
  return {
    lastAt(timeS) {
      let low = -1;
      let high = trades.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((trades[middle]?.timeS ?? 0) <= timeS) low = middle;
        else high = middle - 1;
      }
      return low;
    },
  };
}

function logOf(trade: Trade | undefined): number {
  return Math.log((trade?.priceUsdE6 ?? 0) / 1e6);
}

const USDC = { address: `0x${'a0'.repeat(20)}`, symbol: 'USDC', decimals: 6 };
const WETH = { address: `0x${'c0'.repeat(20)}`, symbol: 'WETH', decimals: 18 };

function sampleRun(timeS: number, block: number, priceUsdE6: number, stable: 0 | 1): Pick<Observed, 'run' | 'market'> {
  const time = new Date(timeS * 1000).toISOString();
  const decimals = stable === 0 ? { decimals0: 6, decimals1: 18 } : { decimals0: 18, decimals1: 6 };
  const priced = { price: priceUsdE6 / 1e6, stable, ...decimals };
  const tick = tickFromStablePerVolatile(priced);
  const address = `0x${'88'.repeat(20)}`;
  const run: Observed['run'] = {
    ...{ id: timeS.toString(16).padStart(32, '0'), chain: 'local', pool: address, position: 'main', tokenId: 1n },
    ...{ trigger: 'scheduled', mode: 'paper', startedAt: time, deadline: time },
  };
  const pool = {
    ...{ address, feePips: 500, tickSpacing: 10, stable, tick, twapTick: tick, twapWindowS: 300, liquidity: 1n },
    ...{ token0: stable === 0 ? USDC : WETH, token1: stable === 0 ? WETH : USDC },
    ...{ feeProtocol0: 0, feeProtocol1: 0, feeGrowthGlobal0X128: 0n, feeGrowthGlobal1X128: 0n, priceUsdE6 },
    sqrtPriceX96: sqrtPriceX96FromStablePerVolatile(priced),
  };
  const position = {
    ...{ id: 'main', tokenId: 1n, owner: address, tickLower: tick - 100, tickUpper: tick + 100, liquidity: 1n },
    ...{ amount0: 0n, amount1: 0n, fees0: 0n, fees1: 0n, inRange: true, valueUsdE6: 0, feesUsdE6: 0 },
    ...{ entry: null, hodlUsdE6: null },
  };
  const gas = { baseFeeWei: 0n, priorityFeeWei: 0n, l1FeeWei: 0n };
  const block_ = { number: block, hash: `0x${'1'.repeat(64)}`, time };
  return { run, market: { block: block_, pool, position, gas, nativePriceUsdE6: priceUsdE6 } };
}
