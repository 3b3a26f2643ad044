import { setTimeout as pause } from 'node:timers/promises';
import { headers } from '@nats-io/transport-node';
import { type Plan, rebalancePlanned, subjectOf } from '@rangeward/contracts';
import { faultFor, lagBehind } from '@rangeward/localnet/rpc-proxy';
import { usualBaseFeeWei } from './block-maker.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Random } from './random.ts';

/** Where faults strike: the world and the plans that are in flight in it. */
type Target = { readonly world: ChaosWorld; readonly plans: readonly Plan[]; readonly confirmations: number };

/** Something that goes wrong for a while. `strike` resolves when it is over; it must leave nothing broken behind. */
export type Fault = { readonly name: string; strike(target: Target, random: Random): Promise<void> };

const executorOf = ({ world }: Target, random: Random) =>
  random.pick(world.services.filter(({ name }) => name.startsWith('executor')));

/** A misbehaviour of the node for some time. */
const badNode = (name: string, rule: (random: Random) => Parameters<ChaosWorld['proxy']['misbehave']>[0]): Fault => ({
  name,
  async strike({ world }, random) {
    const end = world.proxy.misbehave(rule(random));
    await pause(random.between(200, 1_500));
    end();
  },
});

export const faults: readonly Fault[] = [
  {
    name: 'executor-kill',
    async strike(target, random) {
      executorOf(target, random).kill();
    },
  },
  {
    name: 'executor-freeze',
    async strike(target, random) {
      const executor = executorOf(target, random);
      executor.freeze();
      await pause(random.between(300, 3_500));
      executor.wake();
    },
  },
  {
    name: 'broker-kill',
    async strike({ world }, random) {
      world.nats.kill('SIGKILL');
      await world.nats.exited();
      await pause(random.between(0, 800));
      await world.nats.restart();
    },
  },
  {
    name: 'broker-hang',
    async strike({ world }, random) {
      world.nats.kill('SIGSTOP');
      await pause(random.between(300, 4_000));
      world.nats.kill('SIGCONT');
    },
  },
  {
    name: 'redis-kill',
    async strike({ world }, random) {
      world.redisServer.kill('SIGKILL');
      await world.redisServer.exited();
      await pause(random.between(0, 800));
      await world.redisServer.restart();
    },
  },
  {
    name: 'redis-hang',
    async strike({ world }, random) {
      world.redisServer.kill('SIGSTOP');
      await pause(random.between(300, 3_000));
      world.redisServer.kill('SIGCONT');
    },
  },
  {
    name: 'redis-flush',
    async strike({ world }) {
      await world.redis.flushall();
    },
  },
  {
    // The broker's own copy, said again without the header that allows a plan once, some of them out of order.
    name: 'duplicates',
    async strike({ world, plans }, random) {
      for (const plan of random.chance(0.5) ? plans : [...plans].reverse()) {
        const { jsm, nc } = world.bus.broker;
        const stored = await jsm.streams.getMessage('LP_PLANS', { last_by_subj: subjectOf(rebalancePlanned, plan) });
        if (stored === null) continue;
        const copied = headers();
        for (const key of stored.header.keys()) if (!key.startsWith('Nats-')) copied.set(key, stored.header.get(key));
        copied.set('Nats-Msg-Id', random.hex(16));
        nc.publish(stored.subject, stored.data, { headers: copied });
      }
    },
  },
  badNode('node-swallows-sends', () => faultFor(['eth_sendRawTransaction'], { kind: 'swallow' })),
  badNode('node-swallows', (random) => () => (random.chance(0.3) ? { kind: 'swallow' } : null)),
  badNode('node-unavailable', (random) => () => (random.chance(0.5) ? { kind: 'unavailable' } : null)),
  badNode('node-slow', (random) => () => ({ kind: 'delay', delayMs: random.between(20, 600) })),
  badNode('node-lags', (random) => lagBehind(random.between(1, 3))),
  // One of several nodes behind one address is behind.
  badNode('node-lags-at-times', (random) => {
    const lag = lagBehind(random.between(1, 3));
    return (call, ask) => (random.chance(0.4) ? lag(call, ask) : null);
  }),
  {
    name: 'reorg',
    async strike({ world, confirmations }, random) {
      await world.blocks.reorganise(random.between(1, confirmations - 1));
    },
  },
  {
    name: 'mempool-drop',
    async strike({ world }) {
      await world.client.request({ method: 'anvil_dropAllTransactions' } as never);
    },
  },
  {
    name: 'fee-spike',
    async strike({ world }, random) {
      world.blocks.setBaseFee(usualBaseFeeWei * BigInt(random.between(3, 40)));
      await pause(random.between(300, 2_000));
      world.blocks.setBaseFee(usualBaseFeeWei);
    },
  },
  {
    name: 'mining-stall',
    async strike({ world }, random) {
      world.blocks.stall();
      await pause(random.between(300, 2_500));
      world.blocks.resume();
    },
  },
];
