import { type BlockHeader, readHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import type { ChainSettings } from '@rangeward/adapter-evm/settings';
import { type FeedEvent, watchBlocks } from '@rangeward/adapter-evm/watch-blocks';
import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readFeedCursor, saveFeedCursor } from '@rangeward/adapter-redis/feed-cursor';
import type { Logger } from '@rangeward/service/log';
import type { MarketDataSettings } from './config.ts';
import { adoptConfigured, createLivePositions, type LivePositions } from './live-positions.ts';
import { createBlockHandler } from './on-block.ts';
import { createPoolHistory, type PoolHistory } from './pool-history.ts';
import { createBreachWatch } from './watch-breaches.ts';
import { createCompletenessWatch } from './watch-completeness.ts';
import { createTriggerWatch } from './watch-triggers.ts';
import { type WatchedPool, watchedPool } from './watched-pool.ts';

/** A chain as it is followed, and what runs ask of it. */
export type ChainFeed = {
  readonly chain: ChainReader;
  readonly pools: readonly WatchedPool[];
  readonly histories: ReadonlyMap<string, PoolHistory>;
  /** The newest handled block, once it is not behind the node's head at the time of asking. Throws to be asked again. */
  settledHead(): Promise<BlockHeader>;
  /** `heardAtMs` is when the last block was handled, by `now`. */
  status(): { readonly source: string; readonly block: number | null; readonly heardAtMs: number };
  stop(): Promise<void>;
};

export type FeedTools = {
  readonly chain: ChainReader;
  readonly chainSettings: ChainSettings;
  readonly bus: Bus;
  readonly redis: Redis;
  readonly settings: MarketDataSettings;
  readonly log: Logger;
  readonly now: () => number;
};

/** How long a run waits for the listener to come up to the node's head before it is tried again later. */
const CATCH_UP_MS = 5_000;

export async function startChainFeed(tools: FeedTools): Promise<ChainFeed> {
  const { chain, chainSettings, bus, redis, settings, now } = tools;
  const log = tools.log.child({ chain: chain.name });
  const pools = Object.values(chainSettings.pools).map((pool) => watchedPool(chain.name, pool));
  const histories = new Map(pools.map((pool) => [pool.address, createPoolHistory(chain, pool, settings.lookbackS)]));
  const first = await readHeader(chain, 'latest');
  for (const pool of pools) await adopt(tools, pool, first);
  const live = createLivePositions(redis, chain, pools);
  const breaches = createBreachWatch({ redis, bus, settings });
  const handler = createBlockHandler({ chain, bus, pools, live, breaches, histories });
  const completeness = createCompletenessWatch({ chain, bus, log, pools, histories });
  const extras = createExtras({ ...tools, log }, pools, histories, live);
  const head = createHead(first, now);
  const resume = await readFeedCursor(redis, chain.name);
  // Blocks missed while away are told one by one; only where there are none does the present state stand alone.
  if (resume.length === 0) await handler.lookAtState(first);
  const watcher = await watchBlocks({
    chain,
    pools: pools.map((pool) => pool.address),
    reorgDepth: chainSettings.reorgDepth,
    pollMs: chainSettings.pollMs,
    resume,
    async onEvent(told) {
      const event = await completeness.check(told);
      if (event.kind === 'block' && event.header.number === first.number) handler.doubt();
      await handler.onEvent(event);
      head.move(event);
      if (event.kind === 'block') extras.look(event.header, event.rows.length > 0);
    },
    onEarly: handler.onEarly,
    onSettled: (position) => saveFeedCursor(redis, chain.name, [...position]),
    onTrouble: (what, error) => log.warn({ err: error }, what),
  });
  return {
    chain,
    pools,
    histories,
    settledHead: async () => head.reached((await readHeader(chain, 'latest')).number),
    status: () => ({ source: watcher.status().source, block: head.number(), heardAtMs: head.heardAtMs() }),
    async stop() {
      await watcher.stop();
      await extras.settled();
    },
  };
}

async function adopt({ chain, redis, log }: FeedTools, pool: WatchedPool, block: BlockHeader): Promise<void> {
  for (const { id, configured, live } of await adoptConfigured(redis, chain, pool, block)) {
    log.warn(
      { chain: chain.name, pool: pool.address, position: id, configured: String(configured), live: String(live) },
      'the registry knows another NFT for this position than the configuration; the registry counts',
    );
  }
}

/** Volatility and gas are looked at beside the feed, so that they never hold up a breach; one look at a time. */
function createExtras(
  tools: FeedTools,
  pools: readonly WatchedPool[],
  histories: ReadonlyMap<string, PoolHistory>,
  live: LivePositions,
) {
  const triggers = createTriggerWatch(tools);
  const managed = pools.filter((pool) => pool.settings.positions.length > 0);
  let looking: Promise<void> | undefined;
  async function lookNow(block: BlockHeader, isTraded: boolean): Promise<void> {
    // A position that moved is known before the next block, whether or not this one traded.
    for (const pool of managed) await live.of(pool);
    await triggers.checkGas(managed, block);
    for (const pool of isTraded ? managed : []) {
      const history = histories.get(pool.address);
      if (history !== undefined) await triggers.checkVolatility(pool, history, block);
    }
  }
  return {
    look(block: BlockHeader, isTraded: boolean): void {
      looking ??= lookNow(block, isTraded)
        .catch((error: unknown) => tools.log.warn({ err: error }, 'volatility or gas could not be measured'))
        .finally(() => {
          looking = undefined;
        });
    },
    settled: () => looking ?? Promise.resolve(),
  };
}

/** The newest handled block, and who waits for a later one. */
function createHead(first: BlockHeader, now: () => number) {
  let head: BlockHeader | undefined = first;
  let heardAtMs = now();
  const waiting = new Set<() => void>();
  return {
    move(event: FeedEvent): void {
      heardAtMs = now();
      // What a reorganisation took away is no block to read at; the next one follows at once.
      if (event.kind === 'reorg') head = undefined;
      else if (head === undefined || event.header.number >= head.number) head = event.header;
      for (const check of waiting) check();
    },
    number: () => head?.number ?? null,
    heardAtMs: () => heardAtMs,
    reached(number: number): Promise<BlockHeader> {
      return new Promise((resolve, reject) => {
        const give = (act: () => void) => {
          clearTimeout(late);
          waiting.delete(check);
          act();
        };
        const late = setTimeout(() => {
          const words = `the listener is at block ${head?.number ?? 'none'}, the node at ${number}: try again later`;
          give(() => reject(new Error(words)));
        }, CATCH_UP_MS);
        const check = () => {
          const reached = head;
          if (reached !== undefined && reached.number >= number) give(() => resolve(reached));
        };
        waiting.add(check);
        check();
      });
    },
  };
}
