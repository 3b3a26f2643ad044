import { createHash } from 'node:crypto';
import { on } from '@rangeward/adapter-nats/bus';
import { openCharts } from '@rangeward/adapter-nats/charts';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import {
  type ConsumerDefinition,
  consumers,
  type EventData,
  marketObserved,
  modelConsulted,
  modelScored,
  recommendation,
} from '@rangeward/contracts';
import { answering, type MessagesServer, rise, silent, startMessagesServer } from '@rangeward/localnet/messages-server';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Observed, sampleObserved } from '../../test/sample-observed.ts';
import { settings } from '../config.ts';
import { recompute } from '../recompute.ts';
import { start } from '../start.ts';

const apiKey = 'sk-ant-test-0123456789abcdef';

let nats: NatsServer;
let redisServer: RedisServer;
let messages: MessagesServer;
let redis: Redis;
let others: NatsBus;
const logged: string[] = [];
const log = createLogger({
  service: 'signal',
  level: 'debug',
  destination: { write: (line: string) => void logged.push(line) },
});

const heard = {
  consulted: [] as EventData<typeof modelConsulted>[],
  scored: [] as EventData<typeof modelScored>[],
  recommended: [] as EventData<typeof recommendation>[],
};
let wake = () => {};
const until = async (enough: () => boolean) => {
  while (!enough()) await new Promise<void>((resolve) => (wake = resolve));
};

beforeAll(async () => {
  [nats, redisServer, messages] = await Promise.all([startNatsServer(), startRedisServer(), startMessagesServer()]);
  // Thirty charts at once on a busy machine hold an answer up; a command given up would be a run without an opinion.
  redis = await connectRedis({ url: redisServer.url, commandTimeoutMs: 30_000 });
  others = await openBus({ url: nats.url, service: 'market-data', inbox: createInbox(redis), log });
  const listen = <Data>(name: string, definition: Parameters<typeof on<never>>[0], into: Data[]) => {
    const consumer: ConsumerDefinition = {
      ...consumers.signalMarkets,
      service: 'market-data',
      durable: `test-${name}`,
      filter: `lp.v1.${name}.>`,
    };
    const handler = on(definition, async ({ data }) => {
      into.push(data as Data);
      wake();
    });
    return others.consume(consumer, [handler]);
  };
  await listen('model-consulted', modelConsulted as never, heard.consulted);
  await listen('model-scored', modelScored as never, heard.scored);
  await listen('recommendation', recommendation as never, heard.recommended);
});
beforeEach(() => {
  for (const list of Object.values(heard)) list.splice(0);
  messages.received.splice(0);
  logged.splice(0);
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(async () => {
  await others?.drain(1_000);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop(), messages?.stop()]);
});

/** The service with these settings of the model, its clock at the time of the samples. */
async function startSignal(signal: Record<string, unknown>) {
  const chains = { local: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1' } };
  const config = settings.parse({ log: {}, health: {}, nats: {}, redis: {}, chains, signal });
  const bus = await openBus({ url: nats.url, service: 'signal', inbox: createInbox(redis), log });
  stops.push(() => bus.drain(1_000));
  const startedMs = performance.now();
  const now = () => Date.parse('2026-01-05T00:00:01.000Z') + Math.floor(performance.now() - startedMs);
  const service = await start({ bus, redis, config, log, now });
  stops.push(() => service.stop());
  return service;
}

const withKey = (model: Record<string, unknown> = {}) => ({
  anthropicApiKey: apiKey,
  model: { baseUrl: messages.url, ...model },
});

let runs = 0;
/** A run of its own for each observation. */
function observe(
  other: Partial<Parameters<typeof sampleObserved>[0]> = {},
  change: (observed: Observed) => void = () => {},
) {
  const observed = sampleObserved(other);
  runs += 1;
  observed.run = { ...observed.run, id: runs.toString(16).padStart(32, '0') };
  change(observed);
  return observed;
}
const say = (observed: Observed) => others.publish(marketObserved, observed, { correlationId: observed.run.id });

it('asks beside the prior, keeps the chart, says what it cost, and recommends the same at weight 0', async () => {
  messages.reply(answering(rise));
  const service = await startSignal(withKey());
  const observed = observe();
  await say(observed);
  await until(() => heard.recommended.length === 1 && heard.consulted.length === 1);

  const [recommended] = heard.recommended;
  const [consulted] = heard.consulted;
  expect(recommended?.opinion).toMatchObject({ kind: 'given', weight: 0, answer: { direction: 1, confidence: 2 } });
  expect(recommended?.opinion).toEqual(consulted?.opinion);
  expect(recommended?.rangeWithoutOpinion).toBeUndefined();
  expect(consulted?.call).toMatchObject({ model: 'claude-opus-5-5', costUsdE6: 10_000, pricesAsOf: '2026-11-21' });
  expect(service.readiness()).toEqual({ ready: true, detail: { model: 'closed' } });

  const sent = messages.received[0]?.body.messages as { content: { source?: { data: string } }[] }[];
  const chart = await (await openCharts(others.broker.jsm)).get(consulted?.call.image?.name ?? '');
  expect(Buffer.from(chart ?? []).toString('base64')).toBe(sent[0]?.content[0]?.source?.data);
  expect(
    createHash('sha256')
      .update(chart ?? new Uint8Array())
      .digest('hex'),
  ).toBe(consulted?.call.image?.sha256);

  // A replay needs no model: what the events carry gives the same bits.
  if (recommended?.settings === undefined || recommended.opinion === undefined) throw new Error('nothing to replay');
  const again = recompute(observed, recommended.settings, recommended.opinion);
  expect(again.recommendation).toEqual(recommended);

  expect(logged.join('')).not.toContain(apiKey);
  expect(
    JSON.stringify([recommended, consulted], (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  ).not.toContain(apiKey);
});

it('scores an opinion by the candles of a later observation of the pool', async () => {
  messages.reply(answering(rise));
  await startSignal(withKey());
  const first = observe({ priceUsd: 3000 }, (observed) => {
    observed.run = { ...observed.run, pool: `0x${'99'.repeat(20)}` };
  });
  await say(first);
  await until(() => heard.consulted.length === 1);

  // Candles begin ten hours before the block of the samples; these reach two hours beyond it.
  const closesUsd = Array.from({ length: 144 }, (_, index) => (index < 120 ? 3000 : 3010));
  const later = observe({ closesUsd }, (observed) => {
    observed.run = { ...observed.run, pool: first.run.pool };
    observed.candles = observed.candles.map((candle) => ({ ...candle, startS: candle.startS + 50_400 }));
    observed.market.block = { ...observed.market.block, time: '2026-01-05T02:00:00.000Z' };
  });
  await say(later);
  await until(() => heard.scored.length === 1);
  const [scored] = heard.scored;
  expect(scored).toMatchObject({
    run: { id: first.run.id },
    callId: first.run.id,
    outcome: { at: '2026-01-05T01:00:00.000Z', priceUsdE6: 3_010_000_000, earlyS: 0 },
  });
  // It said up, and up it went.
  expect(scored?.full.log).toBeGreaterThan(scored?.without.log ?? 0);
  expect(scored?.full.brier).toBeLessThan(scored?.without.brier ?? 1);
});

it('goes on without an opinion when the model does not answer in time', async () => {
  messages.reply(silent);
  await startSignal(withKey({ timeoutMs: 1_000 }));
  await say(observe());
  await until(() => heard.recommended.length === 1 && heard.consulted.length === 1);
  expect(heard.recommended[0]?.opinion).toMatchObject({ kind: 'none', reason: 'time-out' });
  expect(heard.consulted[0]?.views.full).toBeNull();
  expect(heard.recommended[0]?.range.mass).toBeGreaterThanOrEqual(0.9);
});

it('a run whose model is slow holds up no other', async () => {
  const release = Promise.withResolvers<void>();
  messages.reply((response, received) => {
    const slow = JSON.stringify(received.body).includes('why the system looks now: gas');
    void (slow ? release.promise : Promise.resolve()).then(() => answering(rise)(response, received));
  });
  await startSignal(withKey());
  const slow = observe({ trigger: 'gas' });
  const quick = observe();
  await say(slow);
  await say(quick);
  await until(() => heard.recommended.length === 1);
  expect(heard.recommended[0]?.run.id).toBe(quick.run.id);
  release.resolve();
  await until(() => heard.recommended.length === 2);
  expect(heard.recommended[1]?.opinion).toMatchObject({ kind: 'given' });
});

it.each([
  ['without a key', {}, 'no-key'],
  ['with a key and switched off', { anthropicApiKey: apiKey, model: { enabled: false } }, 'off'],
] as const)('%s the flow is the same, and says why there is no opinion', async (_, signal, reason) => {
  const service = await startSignal(signal);
  await say(observe());
  await until(() => heard.recommended.length === 1);
  expect(heard.recommended[0]?.opinion).toMatchObject({ kind: 'none', reason });
  expect(messages.received).toHaveLength(0);
  expect(heard.consulted).toHaveLength(0);
  expect(service.readiness().detail).toEqual({ model: 'not asked' });
  expect(logged.filter((line) => /"level":(?:"error"|50)/.test(line))).toEqual([]);
});

it('asks thirty times a day and no more; the other runs go on without', async () => {
  await redis.flushall();
  messages.reply(answering(rise));
  await Promise.all([startSignal(withKey()), startSignal(withKey())]);
  const observed = Array.from({ length: 40 }, () => observe());
  await Promise.all(observed.map(say));
  await until(() => heard.recommended.length === 40);
  const kinds = heard.recommended.map(({ opinion }) => (opinion?.kind === 'none' ? opinion.reason : opinion?.kind));
  expect(kinds.filter((kind) => kind === 'given')).toHaveLength(30);
  expect(kinds.filter((kind) => kind === 'budget')).toHaveLength(10);
  expect(messages.received).toHaveLength(30);
}, 60_000);
