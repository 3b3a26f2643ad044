import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import { type Run, type RunResult, runCompleted, runStarted } from '@rangeward/contracts';
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
  id: `0198c0de0000700080000000000000${(16 + number).toString(16)}`,
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
  const run = runOf(number);
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
