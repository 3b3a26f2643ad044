import { describeChain } from '@rangeward/adapter-evm/settings';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { consumers } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Settings } from './config.ts';
import { onMarketObserved } from './on-market-observed.ts';

export type Dependencies = {
  readonly bus: Bus;
  readonly config: Settings;
  readonly log: Logger;
};

/** Observations in, views and ranges out. Keeps nothing. */
export async function start({ bus, config, log }: Dependencies): Promise<{ stop(): Promise<void> }> {
  const blockTimesS = new Map(
    Object.entries(config.chains).map(([name, chain]) => [name, describeChain(name, chain).blockTimeS]),
  );
  const handler = onMarketObserved({ settings: config.signal, blockTimesS, log });
  const consumption = await bus.consume(consumers.signalMarkets, [handler]);
  return { stop: () => consumption.stop() };
}
