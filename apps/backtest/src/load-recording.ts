import { readPoolLogs } from '@rangeward/recording/pool-logs-csv';
import { readRecording } from '@rangeward/recording/read-recording';
import { type RecordedEvent, recordedBlocks } from '@rangeward/recording/recorded-event';
import { type RecordingHeader, startPool } from '@rangeward/recording/recording-format';
import { learnPool, newbornPool } from '@rangeward/uniswap-v3/learn-pool';
import type { Pool } from '@rangeward/uniswap-v3/pool-state';
import { stablePerVolatile } from '@rangeward/uniswap-v3/price';
import { findOrders } from './find-orders.ts';
import type { GasPrices, Market } from './market.ts';
import { type PoolTerms, usdcWethTerms } from './pool-terms.ts';
import { createPricePathMarket } from './price-path-market.ts';
import { createReplayedMarket } from './replayed-market.ts';
import { appendTrade, createColumns } from './trade-columns.ts';

/** What a recording does not say; `feePips`, `stable` and `protocolPart` are only asked of raw logs. */
export type RecordingOptions = {
  readonly gasGwei: number;
  readonly feePips: number;
  readonly stable: 0 | 1;
  /** 1/n of the fees go to the protocol; 0 none. */
  readonly protocolPart: number;
  /** The whole pool where it is known or can be learnt, or in any case the price path. */
  readonly replay: 'whole' | 'price-path';
};

/**
 * A recorded past. With the pool's state before the first event, or from its birth, it is replayed whole, to the wei.
 * Without either, as in raw logs, the ticks are learnt from where swaps ended; where that tells too little, fees follow
 * the price path alone, which holds for a position that is small beside the pool.
 * @throws RecordingError with file and line; RangeError for a pool that has no dollar of 6 decimals, or a price that says
 * that the other token is the dollar.
 */
export async function loadRecording(path: string, options: RecordingOptions): Promise<Market> {
  const { events, header } = await readAll(path);
  const terms = header === null ? usdcWethTerms(options) : termsOf(header);
  const guess =
    header === null ? `, taken as USDC/WETH ${terms.feePips / 1e4} %, the dollar as token${terms.stable}` : '';
  assertPrice(events, terms);
  const known: Known = { about: `${path}${guess}`, terms, gas: constantGas(options.gasGwei) };
  if (options.replay === 'price-path') return pathMarket(events, 'as asked', known);
  const recorded = header === null ? undefined : startPool(header);
  if (recorded !== undefined) return recordedMarket(recorded, 'its recorded state', events, known);
  const newborn = newbornPool(events, terms);
  return newborn === undefined ? learntMarket(events, known) : recordedMarket(newborn, 'its birth', events, known);
}

/** No token costs this many dollars; with the two taken for one another prices come out by many powers of ten. */
const DEAREST_USD = 1e9;

function assertPrice(events: readonly RecordedEvent[], { token0, token1, stable }: PoolTerms): void {
  const swap = events.find(({ kind }) => kind === 'swap');
  if (swap?.kind !== 'swap') return;
  const price = stablePerVolatile({
    ...{ sqrtPriceX96: swap.sqrtPriceX96, stable },
    ...{ decimals0: token0.decimals, decimals1: token1.decimals },
  });
  if (price <= DEAREST_USD) return;
  const [dollar, other] = stable === 0 ? [token0, token1] : [token1, token0];
  throw new RangeError(
    `one ${other.symbol} would cost ${price.toExponential(1)} ${dollar.symbol}: token${stable} is not the dollar, or the tokens are not these`,
  );
}

async function readAll(path: string): Promise<{ events: RecordedEvent[]; header: RecordingHeader | null }> {
  if (path.toLowerCase().endsWith('.csv')) return { events: await Array.fromAsync(readPoolLogs(path)), header: null };
  const { header, events } = await readRecording(path);
  return { events: await Array.fromAsync(events), header };
}

type Known = { readonly about: string; readonly terms: PoolTerms; readonly gas: GasPrices };

async function recordedMarket(
  start: Pool,
  from: string,
  events: readonly RecordedEvent[],
  known: Known,
): Promise<Market> {
  const { blocks, end } = findOrders(start, await Array.fromAsync(recordedBlocks(events)), false);
  const ended = end === null ? '' : `; it ends early: ${end}`;
  const method = `the whole pool to the wei from ${from}, with our liquidity in it${ended}`;
  return createReplayedMarket({ ...known, method, start, blocks, answersToUs: false });
}

/** Share of the swaps that must follow from the ticks that were learnt. */
const LEAST_FOLLOWED = 0.98;

async function learntMarket(events: readonly RecordedEvent[], known: Known): Promise<Market> {
  const learnt = learnPool(events, known.terms);
  if (learnt === undefined) throw new RangeError(`${known.about}: there is no swap in it`);
  const rest = await Array.fromAsync(recordedBlocks(events.filter((_, index) => index !== learnt.firstSwap)));
  const { blocks, swaps, followed } = findOrders(learnt.pool, rest, true);
  const share = `${followed} of ${swaps} swaps follow to the wei from ticks learnt from where swaps ended`;
  if (followed < swaps * LEAST_FOLLOWED) return pathMarket(events, `only ${share}`, known);
  const method = `the whole pool, with our liquidity in it: ${share}, the others are taken to where they ended`;
  return createReplayedMarket({ ...known, method, start: learnt.pool, blocks, answersToUs: false });
}

function pathMarket(events: readonly RecordedEvent[], why: string, known: Known): Market {
  const swaps = events.filter((event) => event.kind === 'swap');
  const columns = createColumns(swaps.length);
  const liquidity = new Float64Array(swaps.length);
  for (const [at, event] of swaps.entries()) {
    appendTrade(columns, known.terms, { ...event, timeS: event.timestampS, block: event.blockNumber });
    liquidity[at] = Number(event.liquidity);
  }
  const sqrtPricesX96 = swaps.map((event) => event.sqrtPriceX96);
  const method = `price path (${why}): right for a position that is small beside the pool, our share taken off to first order`;
  return createPricePathMarket({ ...known, method, path: { columns, liquidity, sqrtPricesX96 } });
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

const DOLLARS = /^(USDC|USDT|USDBC|USDC\.E)$/i;

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
