import { chainReader } from '@rangeward/adapter-evm/client';
import type { ChainSettings } from '@rangeward/adapter-evm/settings';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { nodeBreaker, readBreaker, writeBreaker } from '@rangeward/adapter-redis/breakers';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { breakerChanged } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfBreaker } from './rules.ts';
import { type NodeBreaker, stepNodeBreaker } from './step-node-breaker.ts';

type Watching = {
  readonly bus: Bus;
  readonly redis: Redis;
  readonly chains: Readonly<Record<string, ChainSettings>>;
  readonly raise: RaiseAlert;
  readonly failures: OwnFailures;
  readonly settings: { readonly everyMs: number; readonly timeoutMs: number; readonly threshold: number };
  readonly log: Logger;
  readonly now: () => number;
};

/** Probes the node of each chain, and opens the chain's breaker while it does not answer. */
export function watchNodes(of: Watching): { stop(): Promise<void> } {
  const { everyMs } = of.settings;
  const watches = Object.entries(of.chains).map(([name, settings]) => {
    const reader = chainReader({ name, settings, timeoutMs: of.settings.timeoutMs, retries: 0 });
    let failures = 0;
    const look = async () => {
      const answered = await reader.request('eth_blockNumber', []).then(
        () => true,
        () => false,
      );
      const stands = await readBreaker(of.redis, nodeBreaker(name));
      const before: NodeBreaker = { state: stands?.state ?? 'closed', failures };
      const after = stepNodeBreaker(before, answered, of.settings.threshold);
      failures = after.failures;
      if (after.state === before.state) return;
      const missed = answered ? 'the node answers again' : `the node did not answer ${after.failures} times in a row`;
      const next = { state: after.state, sinceMs: of.now(), reason: missed };
      if (await writeBreaker(of.redis, nodeBreaker(name), stands, next)) await announce(of, name, next, failures);
    };
    let looking: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      looking = looking.then(() => of.failures.guard('node-breaker', look));
    }, everyMs);
    return async () => {
      clearInterval(timer);
      await looking;
    };
  });
  return {
    stop: async () => {
      await Promise.all(watches.map((stop) => stop()));
    },
  };
}

type Step = { readonly state: NodeBreaker['state']; readonly sinceMs: number; readonly reason: string };

async function announce({ bus, raise, log }: Watching, chain: string, step: Step, errors: number): Promise<void> {
  const { state, reason } = step;
  const change = { breaker: nodeBreaker(chain), state, since: new Date(step.sinceMs).toISOString(), errors, reason };
  log.warn({ breaker: change }, `breaker ${change.breaker} is ${state}: ${reason}`);
  await bus.publish(breakerChanged, change);
  if (state !== 'half-open') await raise(alertOfBreaker(change));
}
