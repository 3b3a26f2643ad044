import { openModel } from '@rangeward/adapter-llm/ask-model';
import { createModelBreaker } from '@rangeward/adapter-llm/breaker';
import { openRasteriser, type Rasterise } from '@rangeward/adapter-llm/rasterise';
import { readBudget } from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createModelCalls } from '@rangeward/adapter-redis/model-calls';
import {
  answering,
  failing,
  type MessagesServer,
  rise,
  silent,
  startMessagesServer,
} from '@rangeward/localnet/messages-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sampleObserved } from '../../test/sample-observed.ts';
import { computePrior } from '../compute-prior.ts';
import { settings as allSettings, signalSettings } from '../config.ts';
import { recommend } from '../recommend.ts';
import { consultModel, type ModelDesk } from './consult-model.ts';
import { BUDGET_SCOPE, CALLS_BUDGET, COST_BUDGET, DAY_MS } from './model-budgets.ts';

const view = { blockTimeS: 12, ...signalSettings.parse({}) };
const forever = new AbortController().signal;
const startedMs = Date.parse('2026-01-05T00:00:00.000Z');

let messages: MessagesServer;
let redisServer: RedisServer;
let rasterise: Rasterise;
const connections: Redis[] = [];

beforeAll(async () => {
  [messages, redisServer, rasterise] = await Promise.all([startMessagesServer(), startRedisServer(), openRasteriser()]);
});
beforeEach(async () => {
  messages.received.splice(0);
  messages.reply(answering(rise));
  await (await connection()).flushall();
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map(closeRedis));
});
afterAll(async () => {
  await Promise.all([messages?.stop(), redisServer?.stop()]);
});

async function connection(): Promise<Redis> {
  const redis = await connectRedis({ url: redisServer.url });
  connections.push(redis);
  return redis;
}

type Other = { model?: Record<string, unknown>; nowMs?: number; desk?: Partial<ModelDesk> };

/** A desk as an instance of the service has it: with its own connection and its own breaker. */
async function deskOf({ model: given = {}, nowMs = startedMs, desk = {} }: Other = {}): Promise<ModelDesk> {
  const redis = await connection();
  const { model: settings } = allSettings.parse({
    log: {},
    health: {},
    nats: {},
    redis: {},
    signal: { model: given },
  }).signal;
  const access = { apiKey: 'sk-ant-test-0123', baseUrl: messages.url, model: settings.name, maxTokens: 4096 };
  return {
    settings,
    model: await openModel(access),
    rasterise,
    charts: null,
    breaker: createModelBreaker({ ...settings.breaker, onChange: () => {} }),
    calls: createModelCalls(redis),
    redis,
    now: () => nowMs,
    log: createLogger({ service: 'signal', level: 'silent' }),
    ...desk,
  };
}

function askingFor(number: number) {
  const sample = sampleObserved();
  const observed = { ...sample, run: { ...sample.run, id: number.toString(16).padStart(32, '0') } };
  const prior = computePrior(observed, view.prior, view);
  return { observed, prior, own: recommend(observed, prior, view, { kind: 'none', reason: 'off', detail: '' }) };
}

const used = (redis: Redis, budget = CALLS_BUDGET) =>
  readBudget(redis, { budget, scope: BUDGET_SCOPE, nowMs: startedMs, windowMs: DAY_MS });

describe('a run that asks', () => {
  it('gets an opinion of weight 0, with the record that it can be scored by, and pays what it used', async () => {
    const desk = await deskOf();
    const asking = askingFor(1);
    const { opinion, consulted } = await consultModel(asking, desk, forever);
    expect(opinion).toMatchObject({ kind: 'given', answer: { direction: 1, confidence: 2 }, weight: 0 });
    expect(consulted?.call).toMatchObject({ costUsdE6: 10_000, usage: { inputTokens: 1500, outputTokens: 200 } });
    const { centerLog, sigmaLog } = asking.own.posterior;
    expect(consulted?.views).toMatchObject({
      horizonEnd: '2026-01-05T01:00:00.000Z',
      without: { centerLog, sigmaLog },
      full: { centerLog: centerLog + 0.25 * sigmaLog, sigmaLog },
    });
    expect(await used(desk.redis)).toEqual({ used: 1, reserved: 0 });
    expect(await used(desk.redis, COST_BUDGET)).toEqual({ used: 10_000, reserved: 0 });
  });

  it('asks once, however often and by whomever it is asked for', async () => {
    const [one, other] = [await deskOf(), await deskOf()];
    const first = await consultModel(askingFor(1), one, forever);
    expect(await consultModel(askingFor(1), other, forever)).toMatchObject(first);
    expect(messages.received).toHaveLength(1);
  });

  it('waits for whoever is asking already', async () => {
    const [one, other] = [await deskOf(), await deskOf()];
    const [first, second] = await Promise.all([one, other].map((desk) => consultModel(askingFor(1), desk, forever)));
    expect(first?.opinion.kind).toBe('given');
    expect(second).toMatchObject({ opinion: first?.opinion, consulted: first?.consulted });
    expect(messages.received).toHaveLength(1);
  });

  it('whose answer was lost with its process gets none, and the call counts', async () => {
    const dying = await deskOf();
    messages.reply(silent);
    const lost = consultModel(
      askingFor(1),
      { ...dying, calls: { ...dying.calls, settle: () => new Promise(() => {}) } },
      forever,
    );
    void lost;
    while (messages.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const { opinion, consulted } = await consultModel(
      askingFor(1),
      await deskOf({ nowMs: startedMs + 36_000 }),
      forever,
    );
    expect(opinion).toMatchObject({ kind: 'none', reason: 'failed', detail: expect.stringContaining('lost') });
    expect(consulted).toBeNull();
    expect(messages.received).toHaveLength(1);
    expect(await used(dying.redis)).toEqual({ used: 1, reserved: 0 });
  });

  it('that times out has spent a call, and at most what it can have cost', async () => {
    messages.reply(silent);
    const desk = await deskOf({ model: { timeoutMs: 1_000 } });
    const { opinion, consulted } = await consultModel(askingFor(1), desk, forever);
    expect(opinion).toMatchObject({ kind: 'none', reason: 'time-out' });
    expect(consulted).toMatchObject({ call: { usage: null }, views: { full: null } });
    expect(await used(desk.redis)).toEqual({ used: 1, reserved: 0 });
    expect((await used(desk.redis, COST_BUDGET)).used).toBe(consulted?.call.costUsdE6);
  });
});

describe('a run that does not ask', () => {
  const reasonOf = async (other: Other) => (await consultModel(askingFor(1), await deskOf(other), forever)).opinion;

  it.each<[string, Other, string]>([
    ['when it is switched off', { model: { enabled: false } }, 'off'],
    ['without a key', { desk: { model: null } }, 'no-key'],
    ['with too little time before its deadline', { nowMs: startedMs + 239_500 }, 'time-out'],
    ['when nothing may be spent', { model: { maxCallsPerDay: 0 } }, 'budget'],
    ['when no money may be spent', { model: { maxUsdPerDay: 0.01 } }, 'budget'],
    ['where no chart can be drawn', { desk: { rasterise: null } }, 'failed'],
  ])('%s', async (_, other, reason) => {
    expect(await reasonOf(other)).toMatchObject({ kind: 'none', reason });
    expect(messages.received).toHaveLength(0);
    expect(await used(await connection())).toEqual({ used: 0, reserved: 0 });
  });

  it('while the breaker is open; one probe is let through, and closes it', async () => {
    messages.reply(failing(529, { 'retry-after-ms': '1' }));
    const desk = await deskOf({ model: { breaker: { failures: 2, openMs: 1_000 } } });
    const ask = async (number: number) => (await consultModel(askingFor(number), desk, forever)).opinion;
    expect([await ask(1), await ask(2)]).toMatchObject([{ reason: 'failed' }, { reason: 'failed' }]);
    expect(desk.breaker.state()).toBe('open');
    const before = messages.received.length;
    expect(await ask(3)).toMatchObject({ kind: 'none', reason: 'breaker-open' });
    expect(messages.received).toHaveLength(before);
    expect(await used(desk.redis)).toMatchObject({ used: 2 });

    messages.reply(answering(rise));
    while (desk.breaker.refuses()) await new Promise((resolve) => setImmediate(resolve));
    expect(await ask(4)).toMatchObject({ kind: 'given' });
    expect(desk.breaker.state()).toBe('closed');
  });
});

it('eight instances at once with 120 runs make thirty calls, not one more, and say of the others why', async () => {
  const desks = await Promise.all(Array.from({ length: 8 }, () => deskOf()));
  const runs = Array.from({ length: 120 }, (_, index) => askingFor(index + 1));
  // Each run comes to two instances, as when a message is delivered again.
  const opinions = await Promise.all(
    runs.flatMap((asking, index) =>
      [index, index + 3].map((desk) => consultModel(asking, desks[desk % 8] ?? desks[0]!, forever)),
    ),
  );
  expect(messages.received).toHaveLength(30);
  const kinds = opinions.map(({ opinion }) => (opinion.kind === 'none' ? opinion.reason : opinion.kind));
  expect(kinds.filter((kind) => kind === 'given')).toHaveLength(60);
  expect(kinds.filter((kind) => kind === 'budget')).toHaveLength(180);
  expect(await used(desks[0]!.redis)).toEqual({ used: 30, reserved: 0 });
}, 60_000);
