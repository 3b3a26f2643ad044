import { on, onRaw } from '@rangeward/adapter-nats/bus';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { writeBreaker } from '@rangeward/adapter-redis/breakers';
import {
  commitBudget,
  GAS_BUDGET,
  REBALANCES_BUDGET,
  readBudget,
  reserveBudget,
} from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { loadDecision } from '@rangeward/adapter-redis/decisions';
import { writeExecutorWallet } from '@rangeward/adapter-redis/executor-wallets';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import {
  consumers,
  decisionMade,
  type EventData,
  type Plan,
  planIdOf,
  rebalancePlanned,
  recommendation,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Recommendation, type Sample, sampleRecommendation } from '../test/sample-recommendation.ts';
import { settings } from './config.ts';
import { readRecord } from './decision-record.ts';
import { start } from './start.ts';

let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
let bus: NatsBus;
let others: NatsBus;
let service: { stop(): Promise<void> };
const log = createLogger({ service: 'decision', level: 'silent' });
const DAY_MS = 86_400_000;

const decisions: EventData<typeof decisionMade>[] = [];
const plans: Plan[] = [];
const deadLetters: string[] = [];
let wake = () => {};

async function heard(enough: () => boolean): Promise<void> {
  while (!enough()) await new Promise<void>((resolve) => (wake = resolve));
}

beforeAll(async () => {
  [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
  redis = await connectRedis({ url: redisServer.url });
  const inbox = createInbox(redis);
  bus = await openBus({ url: nats.url, service: 'decision', inbox, log });
  others = await openBus({ url: nats.url, service: 'signal', inbox, log });
  // The chain's own addresses and a clock of its own: the sample's block time lies in the past.
  const chains = { ethereum: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1' } };
  // Gas is no hindrance here, so that the number of rebalances is the limit that is met.
  const decision = { limits: { gasUsdPerDay: 1000, rebalancesPerDay: 5 } };
  const config = settings.parse({ log: {}, health: {}, nats: {}, redis: {}, mode: 'live', chains, decision });
  service = await start({ bus, redis, config, log, now: Date.now });
  const keep = <Item>(list: Item[], item: Item) => {
    list.push(item);
    wake();
  };
  await others.consume(
    { ...consumers.decisionRecommendations, durable: 'test-decisions', filter: 'lp.v1.decision-made.>' },
    [on(decisionMade, async ({ data }) => keep(decisions, data))],
  );
  await others.consume({ ...consumers.executorPlans, durable: 'test-plans' }, [
    on(rebalancePlanned, async ({ data }) => keep(plans, data)),
  ]);
  await others.consume({ ...consumers.alertsDeadLetters, durable: 'test-dead' }, [
    onRaw(async ({ headers }) => keep(deadLetters, JSON.stringify(headers))),
  ]);
});

beforeEach(async () => {
  await redis.flushall();
  await writeExecutorWallet(redis, 'ethereum', sampleRecommendation().market.position.owner);
  for (const list of [decisions, plans, deadLetters]) list.length = 0;
});

afterAll(async () => {
  await service?.stop();
  await Promise.all([bus?.drain(1_000), others?.drain(1_000)]);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop()]);
});

let runs = 0;

/** A recommendation of a run of its own, whose deadline has not passed. */
function recommend(sample: Partial<Sample> = {}, chain = 'ethereum'): Recommendation {
  const made = sampleRecommendation(sample);
  const id = `0198c0de00007000800000000000${(0x1000 + runs++).toString(16)}`;
  const now = Date.now();
  const run = {
    ...made.run,
    id,
    chain,
    startedAt: new Date(now).toISOString(),
    deadline: new Date(now + 300_000).toISOString(),
  };
  return { ...made, run };
}

const publish = (data: Recommendation) => others.publish(recommendation, data, { correlationId: data.run.id });
const used = async (budget: string, scope: string) =>
  readBudget(redis, { budget, scope, nowMs: Date.now(), windowMs: DAY_MS });

test('a recommendation that pays becomes a decision and a plan, with gas and a rebalance reserved', async () => {
  const data = recommend();
  const published = await publish(data);
  await heard(() => decisions.length === 1 && plans.length === 1);
  const [decision, plan] = [decisions[0], plans[0]];
  expect(decision).toMatchObject({ kind: 'rebalance', planId: plan?.planId });
  expect(decision?.gates.slice(-3).map((gate) => [gate.name, gate.passed])).toEqual([
    ['rebalances-per-day', true],
    ['gas-per-day', true],
    ['notional-per-day', true],
  ]);
  if (plan === undefined) throw new Error('no plan was heard');
  const { planId, ...rest } = plan;
  expect(planIdOf(rest)).toBe(planId);
  expect(plan.chainId).toBe(31337);
  expect(Date.parse(plan.validUntil)).toBeLessThanOrEqual(Date.parse(data.run.deadline));
  expect(await used(REBALANCES_BUDGET, 'live')).toMatchObject({ reserved: 1 });
  expect(await used(GAS_BUDGET, 'live')).toMatchObject({ reserved: plan.limits.maxGasUsdE6 });
  expect(published.duplicate).toBe(false);
});

test('delivered again, when the inbox has forgotten, it says the very same once more', async () => {
  const data = recommend();
  const published = await publish(data);
  await heard(() => plans.length === 1);
  const saved = await loadDecision(redis, data.run.id);
  // The breaker opens in between, so deciding anew would now come out otherwise.
  await writeBreaker(redis, 'errors', null, { state: 'open', sinceMs: 1, reason: 'storm' });
  await acknowledged(published.sequence);
  const mark = `lp:{inbox}:decision-recommendations:${published.id}`;
  expect(await redis.del(mark)).toBe(1);
  await redeliver(data);
  expect(await redis.get(mark)).toBe('done');
  expect(await loadDecision(redis, data.run.id)).toBe(saved);
  expect(readRecord(saved ?? '').plan).toEqual(plans[0]);
  expect(plans).toHaveLength(1);
  expect(await used(REBALANCES_BUDGET, 'live')).toMatchObject({ reserved: 1 });
});

/** Sends the same message under another broker id and waits until decision has acknowledged it. */
async function redeliver(data: Recommendation): Promise<void> {
  const subject = `lp.v1.recommendation.${data.run.chain}.${data.run.pool}`;
  const stored = await bus.broker.jsm.streams.getMessage('LP_EVENTS', { last_by_subj: subject });
  if (stored === null) throw new Error('the recommendation is not in the stream');
  const headers = Object.fromEntries([...stored.header].map(([name, values]) => [name, values.join(',')]));
  const { sequence } = await others.broker.publisher.publish({
    subject,
    headers: { ...headers, 'Nats-Msg-Id': `again-${data.run.id}` },
    body: stored.data,
  });
  await acknowledged(sequence);
}

async function acknowledged(sequence: number): Promise<void> {
  for (;;) {
    const info = await bus.broker.jsm.consumers.info('LP_EVENTS', consumers.decisionRecommendations.durable);
    if (info.ack_floor.stream_seq >= sequence) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('the sixth rebalance of a day is a hold that names the limit, and reserves nothing', async () => {
  for (let spent = 0; spent < 5; spent++) {
    const line = { budget: REBALANCES_BUDGET, scope: 'live', amount: 1, limit: 5, windowMs: DAY_MS };
    await reserveBudget(redis, { reservationId: `earlier-${spent}`, nowMs: Date.now(), lines: [line] });
    await commitBudget(redis, `earlier-${spent}`, {}, Date.now());
  }
  await publish(recommend());
  await heard(() => decisions.length === 1);
  expect(decisions[0]).toMatchObject({ kind: 'hold', planId: null });
  expect(decisions[0]?.gates.at(-1)).toMatchObject({ name: 'rebalances-per-day', passed: false });
  expect(await used(GAS_BUDGET, 'live')).toMatchObject({ reserved: 0, used: 0 });

  // Paper runs have books of their own.
  await publish(recommend({ mode: 'paper' }));
  await heard(() => plans.length === 1);
  expect(plans[0]?.run.mode).toBe('paper');
});

test('many at once never reserve more than the day allows', async () => {
  await Promise.all(Array.from({ length: 30 }, () => publish(recommend())));
  await heard(() => decisions.length === 30);
  expect(decisions.filter((decision) => decision.kind === 'rebalance').length).toBe(5);
  expect(await used(REBALANCES_BUDGET, 'live')).toMatchObject({ reserved: 5 });
});

test('an open breaker holds live runs and no others', async () => {
  await writeBreaker(redis, 'errors', null, { state: 'open', sinceMs: 1, reason: 'storm' });
  await Promise.all([publish(recommend()), publish(recommend({ mode: 'paper' }))]);
  await heard(() => decisions.length === 2);
  const kinds = Object.fromEntries(decisions.map((decision) => [decision.run.mode, decision.kind]));
  expect(kinds).toEqual({ live: 'hold', paper: 'rebalance' });
});

test('an NFT that belongs to somebody else is held, not planned for again and again', async () => {
  await writeExecutorWallet(redis, 'ethereum', `0x${'99'.repeat(20)}`);
  await publish(recommend());
  await heard(() => decisions.length === 1);
  expect(decisions[0]).toMatchObject({ kind: 'hold', planId: null });
  expect(decisions[0]?.reason).toMatch(/^Hold: owner is 0x01/);
});

test('what was weighed travels with the decision, and the plan says what gas was expected', async () => {
  await publish(recommend());
  await heard(() => decisions.length === 1 && plans.length === 1);
  const chosen = decisions[0]?.options?.find((option) => option.chosen);
  expect(chosen).toMatchObject({ kind: 'rebalance', range: plans[0]?.target });
  expect(plans[0]).toMatchObject({ swap: 'allowed', expectedGas: { units: 1_150_000, l1FeeWei: 0n } });
});

test('a run of a chain nobody configured is a dead letter', async () => {
  await publish(recommend({}, 'mars'));
  await heard(() => deadLetters.length === 1);
  expect(deadLetters[0]).toContain('unknown-chain');
  expect(decisions).toEqual([]);
});
