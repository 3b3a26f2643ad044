import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { on, onRaw } from '@rangeward/adapter-nats/bus';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { readBreaker } from '@rangeward/adapter-redis/breakers';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import {
  breakerChanged,
  consumers,
  type ErrorNotification,
  type EventData,
  errorNotification,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settings } from './config.ts';
import { start } from './start.ts';

type Call = { readonly title: string; readonly group: string; readonly severity: string; readonly count: number };

let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
let bus: NatsBus;
let executor: NatsBus;
let service: { stop(): Promise<void> };
let webhook: Server;
let calls: Call[];
let onCall: () => void;
let nowMs: number;
let logLines: string[];

beforeEach(async () => {
  calls = [];
  onCall = () => {};
  nowMs = Date.now();
  logLines = [];
  webhook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      // What the service posts, as its README says.
      calls.push(JSON.parse(body) as Call);
      response.end();
      onCall();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
  redis = await connectRedis({ url: redisServer.url });
  const inbox = createInbox(redis);
  const log = createLogger({
    service: 'alerts',
    readable: false,
    destination: { write: (line: string) => void logLines.push(line) },
  });
  bus = await openBus({ url: nats.url, service: 'alerts', inbox, log, notifyErrors: false });
  executor = await openBus({ url: nats.url, service: 'executor', inbox, log });
  // Listening on a port gives an address of this shape.
  const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  const config = settings.parse({
    log: {},
    health: {},
    nats: {},
    redis: {},
    alerts: { channels: { webhook: { url } }, breaker: { checkEveryMs: 50 } },
  });
  service = await start({ bus, redis, config, log, now: () => nowMs, scrub: (text) => text });
});

afterEach(async () => {
  await service?.stop();
  await Promise.all([bus?.drain(1_000), executor?.drain(1_000)]);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop()]);
  webhook.closeAllConnections();
  await new Promise<void>((resolve) => webhook.close(() => resolve()));
});

const notification = (index: number, given: Partial<ErrorNotification> = {}): ErrorNotification => ({
  service: 'executor',
  severity: 'warning',
  code: 'rpc-down',
  message: `no answer (${index})`,
  kind: 'retrying',
  chain: 'base',
  pool: `0x${'88'.repeat(20)}`,
  runId: null,
  eventId: `event-${index}`,
  subject: null,
  attempt: 1,
  hop: 0,
  ...given,
});

async function storm(size: number): Promise<void> {
  for (let from = 0; from < size; from += 500) {
    const batch = Array.from({ length: Math.min(500, size - from) }, (_, index) => notification(from + index));
    await Promise.all(batch.map((data) => executor.publish(errorNotification, data)));
  }
}

/** Resolves when alerts has acknowledged everything there is for it. */
async function allHeard(): Promise<void> {
  for (;;) {
    const { num_pending, num_ack_pending } = await bus.broker.jsm.consumers.info(
      'LP_ERRORS',
      consumers.alertsErrors.durable,
    );
    if (num_pending === 0 && num_ack_pending === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const messagesIn = async (stream: string) => (await bus.broker.jsm.streams.info(stream)).state.messages;

async function calledTimes(times: number): Promise<void> {
  while (calls.length < times) await new Promise<void>((resolve) => (onCall = resolve));
}

test('ten thousand errors are one notice and one for the breaker, and no message goes round', async () => {
  await storm(10_000);
  await allHeard();
  await calledTimes(2);
  expect(await messagesIn('LP_ERRORS')).toBe(10_000);
  expect(await messagesIn('LP_DLQ')).toBe(0);
  expect(calls.map((call) => call.title).sort()).toEqual([
    'breaker errors is open: live trading is stopped',
    'executor: rpc-down (retrying)',
  ]);
  expect((await readBreaker(redis, 'errors'))?.state).toBe('open');
  expect(await messagesIn('LP_EVENTS')).toBe(1);

  // Half an hour on, the same cause is told once more, with the number that was kept back.
  nowMs += 1_800_000;
  await executor.publish(errorNotification, notification(10_000));
  await calledTimes(3);
  expect(calls[2]).toMatchObject({ title: 'executor: rpc-down (retrying)', count: 10_000 });
});

test('refused triggers are told and do not stop trading, however many there are', async () => {
  const scheduler = await openBus({
    url: nats.url,
    service: 'scheduler',
    inbox: createInbox(redis),
    log: bus.broker.log,
  });
  const refused = Array.from({ length: 200 }, (_, index) =>
    notification(index, { service: 'scheduler', kind: 'rejected', code: 'bad-trigger' }),
  );
  await Promise.all(refused.map((data) => scheduler.publish(errorNotification, data)));
  await allHeard();
  await calledTimes(1);
  expect(calls.map((call) => call.title)).toEqual(['scheduler: bad-trigger (rejected)']);
  expect(await readBreaker(redis, 'errors')).toBeNull();
  await scheduler.drain(1_000);
});

test('the breaker closes by itself after two quiet periods, and says so', async () => {
  const changes: EventData<typeof breakerChanged>[] = [];
  const heard = { half: Promise.withResolvers<void>(), closed: Promise.withResolvers<void>() };
  await executor.consume(
    { ...consumers.alertsRuns, service: 'executor', durable: 'test-breaker', filter: 'lp.v1.breaker-changed.>' },
    [
      on(breakerChanged, async ({ data }) => {
        changes.push(data);
        if (data.state === 'half-open') heard.half.resolve();
        if (data.state === 'closed') heard.closed.resolve();
      }),
    ],
  );
  await storm(20);
  await calledTimes(2);
  nowMs += 300_000;
  await heard.half.promise;
  nowMs += 300_000;
  await heard.closed.promise;
  expect(changes.map((change) => change.state)).toEqual(['open', 'half-open', 'closed']);
  expect(changes[0]?.errors).toBeGreaterThanOrEqual(20);
  expect((await readBreaker(redis, 'errors'))?.state).toBe('closed');
});

test('nineteen errors do not open it', async () => {
  await storm(19);
  await allHeard();
  expect(await readBreaker(redis, 'errors')).toBeNull();
});

test('what gets worse is told at once, other causes are told by themselves', async () => {
  await executor.publish(errorNotification, notification(1));
  await calledTimes(1);
  await executor.publish(errorNotification, notification(2, { severity: 'critical', kind: 'given-up' }));
  await calledTimes(2);
  await executor.publish(errorNotification, notification(3, { code: 'other' }));
  await calledTimes(3);
  expect(calls.map((call) => call.severity)).toEqual(['warning', 'critical', 'warning']);
});

test('a failure in alerts itself is a line of its log: no notification, no dead letter, no loop', async () => {
  const dead: unknown[] = [];
  await executor.consume({ ...consumers.alertsDeadLetters, service: 'executor', durable: 'test-dead' }, [
    onRaw(async (message) => void dead.push(message)),
  ]);
  // The group's place holds something else, so telling of this cause throws each time.
  await redis.set(`lp:alert-group:executor|rpc-down|0x${'88'.repeat(20)}`, 'not a hash');
  const before = await messagesIn('LP_ERRORS');
  await executor.publish(errorNotification, notification(1));
  // And one that nobody can read.
  bus.broker.nc.publish('lp.v1.error-notification.executor', '{"not":"a notification"}');
  await bus.broker.nc.flush();
  while ((await messagesIn('LP_ERRORS')) < before + 2) await new Promise((resolve) => setImmediate(resolve));
  await allHeard();
  expect(await messagesIn('LP_ERRORS')).toBe(before + 2);
  expect(await messagesIn('LP_DLQ')).toBe(0);
  expect(dead).toEqual([]);
  expect(calls).toEqual([]);
  expect(logLines.filter((line) => line.includes('alerts itself failed'))).toHaveLength(2);
});
