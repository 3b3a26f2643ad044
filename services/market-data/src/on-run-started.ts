import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import { readGas } from '@rangeward/adapter-evm/gas';
import { type PoolReading, readPool } from '@rangeward/adapter-evm/read-pool';
import { readPosition as readPositionNft } from '@rangeward/adapter-evm/read-position';
import { readQuotes } from '@rangeward/adapter-evm/read-quotes';
import { type Handler, type MessageContext, on } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import { type Market, marketObserved, Rejection, type Run, runSkipped, runStarted } from '@rangeward/contracts';
import { buildCandles, sumByBlock, windowStartS } from './build-candles.ts';
import type { ChainFeed } from './chain-feed.ts';
import type { MarketDataSettings } from './config.ts';
import { describeMarket } from './describe-market.ts';
import { type FirstBlocks, rememberFirstBlocks } from './first-blocks.ts';
import type { FollowedChains } from './follow-chains.ts';
import { recentFeesOf } from './measure-fees.ts';
import { realisedVolatility } from './measure-volatility.ts';
import type { PoolHistory } from './pool-history.ts';
import { quotedSales } from './quoted-sales.ts';
import { priceUsdE6At, type WatchedPool } from './watched-pool.ts';

type Tools = {
  readonly chains: Pick<FollowedChains, 'feeds' | 'missing'>;
  readonly redis: Redis;
  readonly settings: MarketDataSettings;
  readonly now: () => number;
};

/** Why there is nothing to observe, for a person. */
type Skip = { readonly code: 'price-back-in-range' | 'position-gone'; readonly reason: string };

/** The run's chain is configured and not followed yet; trying again later helps. */
class ChainMissing extends Error {
  override readonly name = 'ChainMissing';
}

/**
 * Reads everything a run needs at one block and says it, or says why the run is skipped. Rejections: `unknown-pool`,
 * `unknown-position`, `deadline-passed`, `no-native-price`; anything else is tried again, until the run's deadline.
 */
export function onRunStarted(given: Tools): Handler {
  const tools = { ...given, firstBlocks: rememberFirstBlocks() };
  return on(runStarted, async ({ data: { run } }, context) => {
    if (tools.now() > Date.parse(run.deadline)) {
      throw new Rejection('deadline-passed', `run ${run.id} was to be done by ${run.deadline}`, {
        field: 'run.deadline',
      });
    }
    const { feeds, missing } = tools.chains;
    const feed = feeds.get(run.chain);
    if (feed === undefined && missing.has(run.chain)) throw new ChainMissing(`${run.chain}: ${missing.get(run.chain)}`);
    const pool = feed?.pools.find(({ address }) => address === run.pool);
    if (feed === undefined || pool === undefined) {
      throw new Rejection('unknown-pool', `no pool ${run.pool} is configured on ${run.chain}`, { field: 'run.pool' });
    }
    const observed = await observeMarket(tools, feed, pool, run);
    if ('code' in observed) await context.publish(runSkipped, { run, ...observed });
    else await sayMarket(tools, feed, pool, { run, context, ...observed });
  });
}

type Observed = { readonly market: Market; readonly block: BlockHeader };

async function observeMarket(
  tools: Tools & { readonly firstBlocks: FirstBlocks },
  feed: ChainFeed,
  pool: WatchedPool,
  run: Run,
): Promise<Observed | Skip> {
  const ref = { chain: run.chain, pool: pool.address, id: run.position };
  const registered = await readPosition(tools.redis, ref);
  if (registered === null) {
    throw new Rejection('unknown-position', `no position ${run.position} is managed in ${run.pool} on ${run.chain}`, {
      field: 'run.position',
    });
  }
  if (registered.tokenId !== run.tokenId) {
    const reason = `position ${run.position} is NFT ${registered.tokenId} now, no longer ${run.tokenId}`;
    return { code: 'position-gone', reason };
  }
  const { chain } = feed;
  const block = await feed.settledHead();
  const [reading, gas] = await Promise.all([
    readPool(chain, pool.address, block, tools.settings.twapWindowS),
    readGas(chain, block.number),
  ]);
  const [position, nativePriceUsdE6] = await Promise.all([
    readPositionNft(chain, reading, run.tokenId, block),
    nativePrice(feed, pool, reading, block),
  ]);
  if (position.kind === 'gone') {
    const why = position.reason === 'burned' ? 'does not exist' : 'belongs to another pool';
    return { code: 'position-gone', reason: `NFT ${run.tokenId} ${why} at block ${block.number}` };
  }
  if (run.trigger === 'price-breach' && position.inRange) {
    const range = `${position.tickLower} <= ${reading.tick} < ${position.tickUpper}`;
    return { code: 'price-back-in-range', reason: `the tick is back in the range at block ${block.number}: ${range}` };
  }
  const { entry, idle } = registered;
  const [quotes, recentFees] = await Promise.all([
    readQuotes(chain, reading, quotedSales(position), block),
    earnedRecently(tools, feed, pool, { reading, block }),
  ]);
  const parts = { block, pool: reading, position, positionId: run.position, entry, idle, gas, nativePriceUsdE6 };
  return { market: describeMarket(pool, { ...parts, quotes, recentFees }), block };
}

async function earnedRecently(
  { settings, firstBlocks }: Tools & { readonly firstBlocks: FirstBlocks },
  feed: ChainFeed,
  pool: WatchedPool,
  { reading, block }: { readonly reading: PoolReading; readonly block: BlockHeader },
) {
  const endS = block.timestampS;
  const lookbackFrom = endS - Math.min(settings.feeWindowS, settings.lookbackS);
  const trades = await historyOf(feed, pool).tradesUntil(block, lookbackFrom);
  // A chain that is younger than the window was not quiet before it began.
  const startS = Math.max(lookbackFrom, await firstBlocks(feed.chain));
  return recentFeesOf(trades, reading, { startS, endS });
}

function historyOf(feed: ChainFeed, pool: WatchedPool): PoolHistory {
  const history = feed.histories.get(pool.address);
  if (history === undefined) throw new Error(`pool ${pool.address} has no history`);
  return history;
}

async function sayMarket(
  { settings }: Tools,
  feed: ChainFeed,
  pool: WatchedPool,
  { run, context, market, block }: Observed & { readonly run: Run; readonly context: MessageContext },
): Promise<void> {
  const { candleSeconds, lookbackS, vwapBlocks } = settings;
  const window = { candleSeconds, lookbackS, endS: block.timestampS };
  const trades = await historyOf(feed, pool).tradesUntil(block, block.timestampS - lookbackS);
  const inWindow = trades.filter((trade) => trade.timeS >= windowStartS(window));
  const candles = buildCandles(inWindow, window, pool.stableDecimals);
  const recentS = block.timestampS - settings.volatility.recentS;
  await context.publish(marketObserved, {
    run,
    market,
    candleSeconds,
    candles,
    vwapWindow: sumByBlock(trades, block.number, vwapBlocks),
    vwapWindowBlocks: vwapBlocks,
    realisedAnnual: realisedVolatility(candles, recentS, block.timestampS),
    normalAnnual: realisedVolatility(candles, 0, block.timestampS),
    feedComplete: historyOf(feed, pool).isComplete(block.timestampS - lookbackS),
  });
}

/** The pool's own price where its volatile token is the wrapped coin, else that of another configured pool that has it. */
async function nativePrice(feed: ChainFeed, own: WatchedPool, reading: PoolReading, block: BlockHeader) {
  const hasNative = (pool: WatchedPool, tokens: PoolReading) =>
    (pool.stable === 0 ? tokens.token1 : tokens.token0) === feed.chain.known.wrappedNative;
  if (hasNative(own, reading)) return priceUsdE6At(own, reading.sqrtPriceX96);
  for (const pool of feed.pools) {
    const other = await readPool(feed.chain, pool.address, block, 60);
    if (hasNative(pool, other)) return priceUsdE6At(pool, other.sqrtPriceX96);
  }
  throw new Rejection('no-native-price', `no configured pool of ${feed.chain.name} tells the price of its coin`);
}
