import { on, onRaw } from '@rangeward/adapter-nats/bus';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import {
  type ConsumerDefinition,
  consumers,
  type DomainEvent,
  type EventData,
  marketObserved,
  priorComputed,
  recommendation,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { settings } from './config.ts';
import { start } from './start.ts';

let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
let bus: NatsBus;
let others: NatsBus;
let service: { stop(): Promise<void> };
const log = createLogger({ service: 'signal', level: 'silent' });

const chains = { local: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1' } };
const config = settings.parse({ log: {}, health: {}, nats: {}, redis: {}, chains });

beforeAll(async () => {
  [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
  redis = await connectRedis({ url: redisServer.url });
  const inbox = createInbox(redis);
  bus = await openBus({ url: nats.url, service: 'signal', inbox, log });
  others = await openBus({ url: nats.url, service: 'market-data', inbox, log });
  service = await start({ bus, redis, config, log, now: Date.now });
});

afterAll(async () => {
  await service?.stop();
  await Promise.all([bus?.drain(1_000), others?.drain(1_000)]);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop()]);
});

const listener = (name: string, filter: string): ConsumerDefinition => ({
  ...consumers.signalMarkets,
  service: 'market-data',
  durable: `test-${name}`,
  filter,
});

/** Everything signal says, in the order in which it was heard. */
function openEar() {
  const priors: DomainEvent<EventData<typeof priorComputed>>[] = [];
  const recommendations: DomainEvent<EventData<typeof recommendation>>[] = [];
  let wake = () => {};
  const heard = async (enough: () => boolean) => {
    while (!enough()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const handlers = {
    prior: on(priorComputed, async (event) => {
      priors.push(event);
      wake();
    }),
    recommendation: on(recommendation, async (event) => {
      recommendations.push(event);
      wake();
    }),
  };
  return { priors, recommendations, heard, handlers };
}

test('an observation becomes a prior and a recommendation of the same run, once', async () => {
  const ear = openEar();
  await others.consume(listener('priors', 'lp.v1.prior-computed.>'), [ear.handlers.prior]);
  await others.consume(listener('recommendations', 'lp.v1.recommendation.>'), [ear.handlers.recommendation]);

  const observed = sampleObserved();
  const cause = { correlationId: observed.run.id };
  const first = await others.publish(marketObserved, observed, cause);
  // The same message again has no second effect; the same market in another run gives the same view.
  const second = { ...observed, run: { ...observed.run, id: '0198c0de0000700080000000000000bb' } };
  await others.publish(marketObserved, observed, cause);
  await others.publish(marketObserved, second, { correlationId: second.run.id });
  await ear.heard(() => ear.priors.length >= 2 && ear.recommendations.length >= 2);

  expect(ear.recommendations.map((event) => event.data.run.id).sort()).toEqual([observed.run.id, second.run.id]);
  const [one, other] = ear.recommendations.toSorted((a, b) => (a.data.run.id < b.data.run.id ? -1 : 1));
  expect(one?.envelope).toMatchObject({
    correlationId: observed.run.id,
    causationId: first.id,
    source: 'rangeward/signal',
  });
  expect(one?.data.prior).toEqual(ear.priors.find((event) => event.data.run.id === observed.run.id)?.data.prior);
  expect({ ...one?.data, run: null }).toEqual({ ...other?.data, run: null });
});

test('an observation of a chain nobody configured is a dead letter, not a crash', async () => {
  const told = Promise.withResolvers<string>();
  await others.consume({ ...listener('dead-letters', 'lp.v1.dlq.LP_EVENTS.signal-markets'), stream: 'LP_DLQ' }, [
    onRaw(async (message) => told.resolve(JSON.stringify(message.headers))),
  ]);
  const observed = sampleObserved();
  const strange = { ...observed, run: { ...observed.run, id: '0198c0de0000700080000000000000cc', chain: 'mars' } };
  await others.publish(marketObserved, strange, { correlationId: strange.run.id });
  expect(await told.promise).toContain('unknown-chain');
});
