import { randomBytes } from 'node:crypto';
import { closeRedis, connectRedis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { type ConsumerDefinition, consumers } from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import type { Inbox } from '../src/bus.ts';
import type { Log } from '../src/log.ts';
import { type BusOptions, type NatsBus, openBus } from '../src/open-bus.ts';

/** A real broker and a real Redis with buses on them; `stop` ends all of it. */
export type BusWorld = {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly inbox: Inbox;
  /** What the buses logged, newest last. */
  readonly logged: readonly Logged[];
  open(service: string, options?: Partial<BusOptions>): Promise<NatsBus>;
  stop(): Promise<void>;
};

type Logged = { readonly level: string; readonly fields: Record<string, unknown>; readonly message: string };

/** `NATS_SERVER_BINARIES` names the servers to test against, separated by colons; by default the one on the PATH. */
export function natsServers(named: string | undefined): string[] {
  const found = (named ?? '').split(':').filter((path) => path !== '');
  return found.length > 0 ? found : ['nats-server'];
}

export async function startBusWorld(binary: string): Promise<BusWorld> {
  const nats = await startNatsServer(binary === 'nats-server' ? {} : { binary });
  const redis = await startRedisServer();
  const connection = await connectRedis({ url: redis.url, commandTimeoutMs: 300 });
  const inbox = createInbox(connection);
  const logged: Logged[] = [];
  const buses: NatsBus[] = [];
  return {
    nats,
    redis,
    inbox,
    logged,
    async open(service, options = {}) {
      const log = options.log ?? recordingLog(logged);
      const bus = await openBus({ url: nats.url, service, log, inbox, ...options });
      buses.push(bus);
      return bus;
    },
    async stop() {
      await Promise.all(buses.map((bus) => bus.drain(500)));
      await closeRedis(connection);
      await Promise.all([nats.stop(), redis.stop()]);
    },
  };
}

function recordingLog(logged: Logged[]): Log {
  const at = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields: { ...fields }, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
}

/** A pool of its own keeps the events of one test from the consumers of another. */
export function aPool(): string {
  return `0x${randomBytes(20).toString('hex')}`;
}

/** A durable that hears the gas triggers of one pool, impatient enough for a test. */
export function aConsumer(pool: string, options: Partial<ConsumerDefinition> = {}): ConsumerDefinition {
  return {
    ...consumers.schedulerTriggers,
    durable: `test-${pool.slice(2, 12)}`,
    filter: `lp.v1.trigger.gas.local.${pool}`,
    ackWaitMs: 1_000,
    retryFirstMs: 20,
    eager: false,
    ...options,
  };
}

/** The data of a gas trigger; another block is another event. */
export function aGasTrigger(pool: string, block = 1) {
  return {
    chain: 'local',
    pool,
    block,
    blockHash: `0x${block.toString(16).padStart(64, '0')}`,
    blockTime: '2026-01-05T00:00:00Z',
    gasPriceWei: 1_000_000_000n,
    thresholdWei: 2_000_000_000n,
  };
}
