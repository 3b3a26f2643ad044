import { openChain } from '@rangeward/adapter-evm/client';
import { type Bus, ignoreOthers } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { type ChainFeed, startChainFeed } from './chain-feed.ts';
import type { Settings } from './config.ts';
import { onRunStarted } from './on-run-started.ts';

export type Dependencies = {
  readonly bus: Bus;
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export type MarketData = {
  stop(): Promise<void>;
  /** Not ready while a chain's feed has been silent for longer than configured. */
  readiness(): { readonly ready: boolean; readonly detail: Readonly<Record<string, string>> };
};

/** Chains in; ticks, triggers and market observations out. */
export async function start(dependencies: Dependencies): Promise<MarketData> {
  const { bus, redis, config, log, now } = dependencies;
  const settings = config.marketData;
  const feeds = new Map<string, ChainFeed>();
  const stopFeeds = () => Promise.all([...feeds.values()].map((feed) => feed.stop()));
  try {
    for (const [name, chainSettings] of Object.entries(config.chains)) {
      const chain = await openChain({ name, settings: chainSettings });
      feeds.set(name, await startChainFeed({ chain, chainSettings, bus, redis, settings, log, now }));
    }
    const handlers = [onRunStarted({ feeds, redis, settings, now }), ignoreOthers];
    const consumption = await bus.consume(consumers.marketDataRuns, handlers);
    return {
      readiness: () => readinessOf(feeds, now() - settings.staleAfterS * 1000),
      async stop() {
        await consumption.stop();
        await stopFeeds();
      },
    };
  } catch (error) {
    await stopFeeds();
    throw error;
  }
}

function readinessOf(feeds: ReadonlyMap<string, ChainFeed>, oldestMs: number) {
  const detail: Record<string, string> = {};
  let ready = true;
  for (const [name, feed] of feeds) {
    const { source, block, heardAtMs } = feed.status();
    const isAlive = heardAtMs >= oldestMs;
    ready &&= isAlive;
    const since = new Date(heardAtMs).toISOString();
    detail[`chain ${name}`] = isAlive ? `block ${block} by ${source}` : `silent since ${since}`;
  }
  return { ready, detail };
}
