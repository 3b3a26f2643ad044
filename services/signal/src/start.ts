import { describeChain } from '@rangeward/adapter-evm/settings';
import type { Broker } from '@rangeward/adapter-nats/broker';
import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from './config.ts';
import { openDesk } from './model/open-desk.ts';
import { onMarketObserved } from './on-market-observed.ts';

export type Dependencies = {
  readonly bus: Bus & { readonly broker: Broker };
  readonly redis: Redis;
  readonly config: Settings;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export type RunningSignal = {
  stop(): Promise<void>;
  readiness(): { readonly ready: boolean; readonly detail: Readonly<Record<string, string>> };
};

/** Observations in, views and ranges out. Keeps nothing but the record of what a model was asked. */
export async function start({ bus, redis, config, log, now }: Dependencies): Promise<RunningSignal> {
  const blockTimesS = new Map(
    Object.entries(config.chains).map(([name, chain]) => [name, describeChain(name, chain).blockTimeS]),
  );
  const desk = await openDesk({ config, broker: bus.broker, redis, now, log });
  // What is left is said in every recommendation: the key must not be among it.
  const { model: _model, anthropicApiKey: _key, ...view } = config.signal;
  const handler = onMarketObserved({ settings: view, blockTimesS, desk, log });
  const consumption = await bus.consume(consumers.signalMarkets, [handler]);
  return {
    stop: () => consumption.stop(),
    // A model that does not answer is no reason not to be ready: runs go on without it.
    readiness: () => ({ ready: true, detail: { model: desk.model === null ? 'not asked' : desk.breaker.state() } }),
  };
}
