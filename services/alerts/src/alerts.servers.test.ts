import { readAudit } from '@rangeward/adapter-nats/audit-trail';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import { readStop, resumeTrading } from '@rangeward/adapter-redis/trading-control';
import {
  planProposed,
  type Run,
  type RunResult,
  runCompleted,
  runStarted,
  verifyAuditChain,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settings } from './config.ts';
import { start } from './start.ts';

let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
let bus: NatsBus;
let scheduler: NatsBus;
let service: { stop(): Promise<void> };
/** Lines of the log channel: level and message. */
let told: string[];
let wake: () => void;

beforeEach(async () => {
  told = [];
  wake = () => {};
  [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
  redis = await connectRedis({ url: redisServer.url });
  const log = createLogger({
    service: 'alerts',
    readable: false,
    destination: {
      write: (line: string) => {
        const { level, msg } = JSON.parse(line);
        if (String(msg).startsWith('alert: ')) told.push(`${level} ${msg.slice('alert: '.length)}`);
        wake();
      },
    },
  });
  bus = await openBus({ url: nats.url, service: 'alerts', inbox: createInbox(redis), log, notifyErrors: false });
  scheduler = await openBus({ url: nats.url, service: 'scheduler', inbox: createInbox(redis), log });
  const config = settings.parse({ log: {}, health: {}, nats: {}, redis: {} });
  service = await start({ bus, redis, config, log, now: Date.now, scrub: (text) => text });
});

afterEach(async () => {
  await service?.stop();
  await Promise.all([bus?.drain(1_000), scheduler?.drain(1_000)]);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop()]);
});

async function toldTimes(times: number): Promise<void> {
  while (told.length < times) await new Promise<void>((resolve) => (wake = resolve));
}

const runOf = (number: number): Run => ({
  id: `0198c0de000070008000000000000${(256 + number).toString(16)}`,
  trigger: 'scheduled',
  chain: 'base',
  pool: `0x${'88'.repeat(20)}`,
  position: 'main',
  tokenId: 7n,
  mode: 'paper',
  startedAt: new Date(1_767_571_200_000 + number * 1000).toISOString(),
  deadline: new Date(1_767_571_500_000 + number * 1000).toISOString(),
});

/** A record in which nothing is known but what is given. */
function resultOf(run: Run, given: Partial<RunResult>): RunResult {
  const { id: runId, deadline: _deadline, ...place } = run;
  const known = { runId, ...place, status: 'completed' as const, txHashes: [], ...given };
  const unknown = Object.keys(runCompleted.schema.shape.result.shape).filter((name) => !(name in known));
  // Every field that is not known may be null, which the contract checks when this is published.
  return { ...Object.fromEntries(unknown.map((name) => [name, null])), ...known } as RunResult;
}

/** As the ledger does it: said, then written down. */
const complete = async (number: number, given: Partial<RunResult>) => {
  const run = { ...runOf(number), mode: given.mode ?? ('paper' as const) };
  const result = resultOf(run, given);
  await scheduler.publish(runCompleted, { run, result }, { correlationId: run.id });
  await createRunRecords(redis).close(run, result);
};

test('failed runs warn once, the fourth in a row is critical, and a rebalance informs', async () => {
  for (let number = 1; number <= 3; number++) await complete(number, { status: 'failed', failure: 'too late' });
  await toldTimes(1);
  await complete(4, { status: 'failed', failure: 'too late' });
  await toldTimes(2);
  await complete(5, { decision: 'rebalance', outcome: 'simulated', decisionReason: 'because' });
  await toldTimes(3);
  expect(told).toEqual([
    'warn a run failed: main',
    'error 4 runs in a row failed: main',
    'info rebalance simulated: main',
  ]);
});

test('a message that the broker gave up becomes a dead letter, and the dead letter is told', async () => {
  const run = runOf(9);
  const started = { run, triggerId: 't', reason: 'r', requestedBy: null, requestCorrelationId: null };
  const { sequence } = await scheduler.publish(runStarted, started, { correlationId: run.id });
  const advisory = {
    type: 'io.nats.jetstream.advisory.v1.max_deliver',
    stream: 'LP_EVENTS',
    consumer: 'market-data-runs',
    stream_seq: sequence,
    deliveries: 8,
  };
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.LP_EVENTS.market-data-runs';
  scheduler.broker.nc.publish(subject, JSON.stringify(advisory));
  await toldTimes(1);
  expect(told).toEqual(['error market-data: a message became a dead letter (max-deliveries)']);
  expect((await bus.broker.jsm.streams.info('LP_DLQ')).state.messages).toBe(1);
});

const person = (at: string) => ({ by: 'ann', reason: 'looked', at });

test('five live runs that fail in a row pause live trading, a fall within a day too, and nothing of before a resume counts again', async () => {
  const failed = { status: 'failed', failure: 'too late', mode: 'live' } as const;
  for (let number = 1; number <= 4; number++) await complete(number, failed);
  await toldTimes(2);
  expect(await readStop(redis)).toBeNull();
  await complete(5, failed);
  await toldTimes(3);
  expect(told.at(-1)).toBe('error live trading is paused (failures) until somebody resumes it');
  const stop = await readStop(redis);
  expect(stop).toMatchObject({ state: 'paused', by: 'alerts', reason: 'base/main: 5 runs failed in a row' });
  expect(await resumeTrading(redis, stop!, person(runOf(100).startedAt))).toBe(true);
  await complete(150, { ...failed, positionValueBeforeUsdE6: 1_000_000_000, idleUsdE6: 500_000_000 });
  await complete(151, { mode: 'live', positionValueBeforeUsdE6: 1_100_000_000, idleUsdE6: 150_000_000 });
  await complete(152, { mode: 'live', positionValueBeforeUsdE6: 1_100_000_000, idleUsdE6: 0 });
  await toldTimes(4);
  expect(told.at(-1)).toContain('live trading is paused (drawdown)');
  expect(await readStop(redis)).toMatchObject({ state: 'paused', reason: expect.stringContaining('fell by 26.7 %') });
  await service.stop();
  const entries = await Array.fromAsync(readAudit(bus.broker));
  expect(entries.map(({ action, actor }) => `${actor}: ${action}`)).toEqual(['alerts: pause', 'alerts: pause']);
  expect(verifyAuditChain(entries).broken).toBeNull();
});

test('a position that is seen while it moves has not fallen', async () => {
  const worth = { mode: 'live', positionValueBeforeUsdE6: 1_000_000_000, idleUsdE6: 0 } as const;
  const run = (number: number) => ({ ...runOf(number), mode: 'live' as const });
  await complete(5, { ...worth, completedAt: runOf(6).startedAt });
  const records = createRunRecords(redis);
  await records.note(run(10), 'decision', { planId: 'ab'.repeat(32) });
  await complete(11, { ...worth, positionValueBeforeUsdE6: 0, completedAt: runOf(12).startedAt });
  await complete(12, { status: 'failed', failure: 'seen after the one before', completedAt: runOf(13).startedAt });
  await toldTimes(1);
  expect(await readStop(redis)).toBeNull();
  await records.close(run(10), resultOf(run(10), { planId: 'ab'.repeat(32), completedAt: runOf(13).startedAt }));
  await complete(14, { ...worth, positionValueBeforeUsdE6: 0, completedAt: runOf(15).startedAt });
  await toldTimes(2);
  expect(await readStop(redis)).toMatchObject({ state: 'paused', reason: expect.stringContaining('fell by 100.0 %') });
});

test('a plan that waits for a person is told to one', async () => {
  const run = runOf(7);
  const waits = { planId: 'ab'.repeat(32), kind: 'rebalance', validUntil: run.deadline, summary: 'to 1..2' } as const;
  await scheduler.publish(planProposed, { run, ...waits, positionUsdE6: 5, maxGasUsdE6: 1 }, { correlationId: run.id });
  await toldTimes(1);
  expect(told).toEqual(['warn a plan waits for your approval: main']);
});
