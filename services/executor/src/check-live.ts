import type { KnownChain } from '@rangeward/adapter-evm/known-chains';
import { brokerProblems, inspectBroker } from '@rangeward/adapter-nats/inspect-broker';
import type { NatsBus } from '@rangeward/adapter-nats/open-bus';
import { pinningProblems } from '@rangeward/adapter-nats/pinning-problems';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { inspectState, stateProblems } from '@rangeward/adapter-redis/inspect-state';
import type { Settings } from './config.ts';

type Surroundings = {
  readonly bus: Pick<NatsBus, 'broker'>;
  readonly redis: Redis;
  readonly config: Pick<Settings, 'mode' | 'nats'>;
};

/**
 * Why real money must not be moved with this broker, this Redis and these keys: one sentence each, with what to do. None
 * in paper mode and where every chain is local, whose money is nobody's.
 */
export async function liveProblems(
  { bus, redis, config }: Surroundings,
  chains: Readonly<Record<string, Pick<KnownChain, 'local'>>>,
): Promise<string[]> {
  if (config.mode !== 'live' || Object.values(chains).every(({ local }) => local)) return [];
  const [broker, state] = await Promise.all([inspectBroker(bus.broker, config.nats.monitorUrl), inspectState(redis)]);
  return [...brokerProblems(broker), ...stateProblems(state), ...pinningProblems(config.nats.signing)];
}
