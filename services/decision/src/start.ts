import { autonomyOf } from '@rangeward/adapter-evm/autonomy';
import { describeChain } from '@rangeward/adapter-evm/settings';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { breakerInTheWay } from '@rangeward/adapter-redis/breakers';
import { releaseBudget, reserveBudget } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { loadDecision, saveDecision } from '@rangeward/adapter-redis/decisions';
import { readExecutorWallet } from '@rangeward/adapter-redis/executor-wallets';
import { readStop } from '@rangeward/adapter-redis/trading-control';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from './config.ts';
import { onRecommendation } from './on-recommendation.ts';

export type Dependencies = {
  readonly bus: Bus;
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  readonly now: () => number;
};

/** Recommendations in, decisions and plans out. */
export async function start({ bus, redis, config, log, now }: Dependencies): Promise<{ stop(): Promise<void> }> {
  const chains = new Map(
    Object.entries(config.chains).map(([name, chain]) => {
      const { chainId, local } = describeChain(name, chain);
      return [name, { chainId, clockIsReal: !local }];
    }),
  );
  const handler = onRecommendation({
    autonomy: ({ chain, pool, position }) => {
      const settings = config.chains[chain];
      const local = chains.get(chain)?.clockIsReal === false;
      // A chain that is not configured is rejected before anything is planned on it.
      return settings === undefined
        ? 'observe'
        : autonomyOf({ autonomy: config.autonomy, local, chain: settings, pool, position });
    },
    readStop: () => readStop(redis),
    settings: config.decision,
    mode: config.mode,
    chains,
    decisions: {
      load: (runId) => loadDecision(redis, runId),
      save: (runId, record) => saveDecision(redis, runId, record),
    },
    budgets: {
      reserve: (reservationId, lines) => reserveBudget(redis, { reservationId, nowMs: now(), lines }),
      release: (reservationId) => releaseBudget(redis, reservationId),
    },
    readWallet: (chain) => readExecutorWallet(redis, chain),
    readBreaker: async (chain) => (await breakerInTheWay(redis, chain))?.state ?? 'closed',
    log,
  });
  const consumption = await bus.consume(consumers.decisionRecommendations, [handler]);
  return { stop: () => consumption.stop() };
}
