import { type Bus, ignoreOthers } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from './config.ts';
import { type FollowedChains, followChains } from './follow-chains.ts';
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
  /** Not ready while a chain is not followed, or its feed has been silent for longer than configured. */
  readiness(): { readonly ready: boolean; readonly detail: Readonly<Record<string, string>> };
};

/** Chains in; ticks, triggers and market observations out. */
export async function start(dependencies: Dependencies): Promise<MarketData> {
  const { bus, redis, config, log, now } = dependencies;
  const settings = config.marketData;
  const chains = await followChains({ chains: config.chains, bus, redis, settings, log, now });
  try {
    const handlers = [onRunStarted({ chains, redis, settings, now }), ignoreOthers];
    const consumption = await bus.consume(consumers.marketDataRuns, handlers);
    return {
      readiness: () => readinessOf(chains, now() - settings.staleAfterS * 1000),
      async stop() {
        await consumption.stop();
        await chains.stop();
      },
    };
  } catch (error) {
    await chains.stop();
    throw error;
  }
}

function readinessOf({ feeds, missing }: FollowedChains, oldestMs: number) {
  const detail: Record<string, string> = {};
  let ready = missing.size === 0;
  for (const [name, reason] of missing) detail[`chain ${name}`] = `not followed: ${reason}`;
  for (const [name, feed] of feeds) {
    const { source, block, heardAtMs } = feed.status();
    const isAlive = heardAtMs >= oldestMs;
    ready &&= isAlive;
    const since = new Date(heardAtMs).toISOString();
    detail[`chain ${name}`] = isAlive ? `block ${block} by ${source}` : `silent since ${since}`;
  }
  return { ready, detail };
}
