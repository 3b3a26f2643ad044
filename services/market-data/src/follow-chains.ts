import { setTimeout as pause } from 'node:timers/promises';
import { ChainError } from '@rangeward/adapter-evm/chain-error';
import { openChain } from '@rangeward/adapter-evm/client';
import type { ChainSettings } from '@rangeward/adapter-evm/settings';
import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import type { Logger } from '@rangeward/service/log';
import { type ChainFeed, startChainFeed } from './chain-feed.ts';
import type { MarketDataSettings } from './config.ts';

/** The configured chains, each followed from the moment it answers. */
export type FollowedChains = {
  /** By name; grows while chains that did not answer at first come up. */
  readonly feeds: ReadonlyMap<string, ChainFeed>;
  /** Chains that are not followed yet, with the reason in words. */
  readonly missing: ReadonlyMap<string, string>;
  stop(): Promise<void>;
};

type Tools = {
  readonly chains: Readonly<Record<string, ChainSettings>>;
  readonly bus: Bus;
  readonly redis: Redis;
  readonly settings: MarketDataSettings;
  readonly log: Logger;
  readonly now: () => number;
};

/** The others need not wait longer for a chain that says nothing. */
const FIRST_ANSWER_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Starts to follow every chain at once and resolves when each answered or failed once, or after five seconds; those that
 * failed are tried again with growing pauses. Throws when a node answers and serves another chain, or lacks a contract:
 * that is a mistake in the configuration, and no waiting mends it.
 */
export async function followChains(tools: Tools): Promise<FollowedChains> {
  const feeds = new Map<string, ChainFeed>();
  const missing = new Map(Object.keys(tools.chains).map((name) => [name, 'has not answered yet']));
  const ending = new AbortController();
  const firsts: Promise<void>[] = [];
  const followed = Object.entries(tools.chains).map(([name, chainSettings]) => {
    const first = Promise.withResolvers<void>();
    firsts.push(first.promise);
    return keepTrying(tools, { name, chainSettings, feeds, missing, first, signal: ending.signal });
  });
  const stop = async () => {
    ending.abort();
    await Promise.all(followed);
    await Promise.all([...feeds.values()].map((feed) => feed.stop()));
  };
  const late = new AbortController();
  try {
    const enough = pause(FIRST_ANSWER_MS, undefined, { signal: late.signal }).catch(() => {});
    await Promise.race([Promise.all(firsts), enough]);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    late.abort();
  }
  // What is refused after the start is no reason to end, and was logged.
  for (const first of firsts) first.catch(() => {});
  return { feeds, missing, stop };
}

type Trying = {
  readonly name: string;
  readonly chainSettings: ChainSettings;
  readonly feeds: Map<string, ChainFeed>;
  readonly missing: Map<string, string>;
  readonly first: PromiseWithResolvers<void>;
  readonly signal: AbortSignal;
};

/** Never throws; `first` hears of the first try. */
async function keepTrying(tools: Tools, { name, feeds, missing, first, signal, chainSettings }: Trying): Promise<void> {
  const log = tools.log.child({ chain: name });
  for (let pauseMs = 500; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const feed = await startChainFeed({
        ...tools,
        chain: await openChain({ name, settings: chainSettings }),
        chainSettings,
      });
      feeds.set(name, feed);
      missing.delete(name);
      first.resolve();
      return;
    } catch (error) {
      const isMistake = error instanceof ChainError && (error.code === 'wrong-chain' || error.code === 'no-code');
      // A ChainError carries no URL; of anything else only its name is shown.
      missing.set(name, error instanceof ChainError ? error.message : error instanceof Error ? error.name : 'failed');
      log.warn({ err: error, againInMs: pauseMs }, 'the chain cannot be followed yet');
      if (isMistake) first.reject(error);
      else first.resolve();
    }
    await pause(pauseMs, undefined, { signal }).catch(() => {});
  }
}
