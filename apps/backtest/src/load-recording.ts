import { readPoolLogs } from '@rangeward/recording/pool-logs-csv';
import { readRecording } from '@rangeward/recording/read-recording';
import { type RecordedBlock, type RecordedEvent, recordedBlocks } from '@rangeward/recording/recorded-event';
import { type RecordingHeader, startPool } from '@rangeward/recording/recording-format';
import type { Pool } from '@rangeward/uniswap-v3/pool-state';
import { findOrders } from './find-orders.ts';
import type { GasPrices, Market } from './market.ts';
import { type PoolTerms, usdcWethTerms } from './pool-terms.ts';
import { createPricePathMarket } from './price-path-market.ts';
import { createReplayedMarket } from './replayed-market.ts';
import { appendTrade, createColumns } from './trade-columns.ts';

/** What a recording does not say; `feePips` and `stable` are only asked of raw logs. */
export type RecordingOptions = {
  readonly gasGwei: number;
  readonly feePips: number;
  readonly stable: 0 | 1;
};

/**
 * A recorded past. With the pool's state before the first event it is replayed whole, to the wei; without it, as in raw
 * logs, only the price path can be followed, which holds for a position that is small beside the pool.
 * @throws RecordingError with file and line; RangeError for a pool that has no dollar of 6 decimals.
 */
export async function loadRecording(path: string, options: RecordingOptions): Promise<Market> {
  const gas = constantGas(options.gasGwei);
  if (path.toLowerCase().endsWith('.csv')) {
    const events = await Array.fromAsync(readPoolLogs(path));
    const terms = usdcWethTerms(options);
    const about = `${path}, taken as USDC/WETH ${terms.feePips / 1e4} % with the dollar as token${terms.stable}`;
    const method = `price path: raw logs do not say which liquidity lay where before them. ${PATH_LIMITS}`;
    return pathMarket(events, { terms, gas, about, method });
  }
  const { header, events: source } = await readRecording(path);
  const events = await Array.fromAsync(source);
  const terms = termsOf(header);
  const pool = startPool(header);
  if (pool === undefined) {
    const method = `price path: the recording lacks the pool’s ticks at its start. ${PATH_LIMITS}`;
    return pathMarket(events, { terms, gas, about: path, method });
  }
  return replayMarket(path, pool, await Array.fromAsync(recordedBlocks(events)), { terms, gas });
}

const PATH_LIMITS = 'Right for a position that is small beside the pool; our share is taken off to first order';

type Known = { readonly terms: PoolTerms; readonly gas: GasPrices };

function pathMarket(
  events: readonly RecordedEvent[],
  of: Known & { readonly about: string; readonly method: string },
): Market {
  const swaps = events.filter((event) => event.kind === 'swap');
  const columns = createColumns(swaps.length);
  const liquidity = new Float64Array(swaps.length);
  for (const [at, event] of swaps.entries()) {
    appendTrade(columns, of.terms, { ...event, timeS: event.timestampS, block: event.blockNumber });
    liquidity[at] = Number(event.liquidity);
  }
  const sqrtPricesX96 = swaps.map((event) => event.sqrtPriceX96);
  return createPricePathMarket({ ...of, path: { columns, liquidity, sqrtPricesX96 } });
}

function replayMarket(path: string, start: Pool, blocks: readonly RecordedBlock[], { terms, gas }: Known): Market {
  const found = findOrders(start, blocks);
  const method = `the whole pool replayed to the wei from its recorded state, with our liquidity in it${found.note}`;
  return createReplayedMarket({ about: path, method, terms, start, blocks: found.blocks, gas, answersToUs: false });
}

function termsOf(header: RecordingHeader): PoolTerms {
  const { token0, token1, feePips, tickSpacing, pool, start } = header;
  const stable = stableSideOf(header);
  return {
    chain: `chain-${header.chainId}`,
    address: pool,
    ...{ feePips, tickSpacing, stable },
    token0: { symbol: token0.symbol, decimals: token0.decimals },
    token1: { symbol: token1.symbol, decimals: token1.decimals },
    feeProtocol: start?.feeProtocol ?? 0,
    blockTimeS: header.chainId === 8453 || header.chainId === 84_532 ? 2 : 12,
  };
}

const DOLLARS = /^(USDC|USDT|USDBC|USDC\.E|DAI)$/i;

/** The token that is called as a dollar is and has the 6 decimals of one. */
function stableSideOf({ token0, token1, pool }: RecordingHeader): 0 | 1 {
  const isDollar = (token: RecordingHeader['token0']) => token.decimals === 6 && DOLLARS.test(token.symbol);
  if (isDollar(token0)) return 0;
  if (isDollar(token1)) return 1;
  throw new RangeError(`the pool ${pool} of ${token0.symbol} and ${token1.symbol} has no dollar of 6 decimals`);
}

function constantGas(gwei: number): GasPrices {
  const baseFeeWei = BigInt(Math.round(gwei * 1e9));
  return {
    about: `${gwei} gwei throughout: a recording of a pool does not say what gas cost (--gas-gwei)`,
    baseFeeWei: () => baseFeeWei,
    priorityFeeWei: 0n,
    l1FeeWei: 0n,
  };
}
