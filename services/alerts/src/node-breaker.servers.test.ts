import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { breakerInTheWay } from '@rangeward/adapter-redis/breakers';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { type Anvil, startAnvil } from '@rangeward/localnet/anvil';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { faultFor, type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { settings } from './config.ts';
import { start } from './start.ts';

let nats: NatsServer;
let redisServer: RedisServer;
let anvil: Anvil;
let proxy: RpcProxy;
let redis: Redis;
let bus: NatsBus;
let service: { stop(): Promise<void> };

beforeAll(async () => {
  [nats, redisServer, anvil] = await Promise.all([startNatsServer(), startRedisServer(), startAnvil()]);
  proxy = await startRpcProxy({ upstreamUrl: anvil.rpcUrl });
  redis = await connectRedis({ url: redisServer.url });
  const log = createLogger({ service: 'alerts', level: 'silent' });
  bus = await openBus({ url: nats.url, service: 'alerts', inbox: createInbox(redis), log, notifyErrors: false });
  const config = settings.parse({
    ...{ log: {}, health: {}, nats: {}, redis: {} },
    chains: { local: { chainId: 31337, rpcUrl: proxy.url } },
    alerts: { nodes: { everyMs: 50, timeoutMs: 500 } },
  });
  service = await start({ bus, redis, config, log, now: Date.now, scrub: (text) => text });
});
afterAll(async () => {
  await service?.stop();
  await bus?.drain(1_000);
  if (redis) await closeRedis(redis);
  await proxy?.stop();
  await Promise.all([nats?.stop(), redisServer?.stop(), anvil?.stop()]);
});

test('a node that stops answering opens its chain’s breaker alone, and closes it when it has answered twice', async () => {
  const states: string[] = [];
  bus.broker.nc.subscribe('lp.v1.breaker-changed.rpc-local', {
    callback: (_error, message) => void states.push(JSON.parse(message.string()).state),
  });
  expect(await breakerInTheWay(redis, 'local')).toBeNull();
  const mend = proxy.misbehave(faultFor(['eth_blockNumber'], { kind: 'unavailable' }));
  await vi.waitFor(async () => {
    expect(await breakerInTheWay(redis, 'local')).toMatchObject({ name: 'rpc-local', state: 'open' });
  }, 10_000);
  expect(await breakerInTheWay(redis, 'other')).toBeNull();
  mend();
  await vi.waitFor(async () => expect(await breakerInTheWay(redis, 'local')).toBeNull(), 10_000);
  await vi.waitFor(() => expect(states).toEqual(['open', 'half-open', 'closed']), 10_000);
});
