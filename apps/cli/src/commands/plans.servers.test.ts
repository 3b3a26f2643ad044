import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBroker } from '@rangeward/adapter-nats/broker';
import { provisionStreams } from '@rangeward/adapter-nats/provision';
import { answerAbandonRequest, readAbandonRequest } from '@rangeward/adapter-redis/abandon-requests';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { acquireLease } from '@rangeward/adapter-redis/leases';
import { createPlanRecords, walletLease } from '@rangeward/adapter-redis/plan-records';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { abandonPlan, listPlans } from './plans.ts';

const place = { chainId: 31337, wallet: `0x${'ab'.repeat(20)}` };
const planId = 'c0ffee'.padEnd(64, '0');

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

let server: RedisServer;
let redis: Redis;
let nats: NatsServer;
let folder: string;
let out: string;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
  // Who gives a plan up is written into the audit trail first.
  nats = await startNatsServer();
  const broker = await openBroker({ url: nats.url, service: 'admin', log: silent });
  await provisionStreams(broker.jsm);
  await broker.close();
  folder = mkdtempSync(join(tmpdir(), 'rangeward-plans-'));
  writeFileSync(join(folder, 'rangeward.yaml'), 'mode: paper\n');
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await Promise.all([server?.stop(), nats?.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await redis.flushall();
  out = '';
  const lease = await acquireLease(redis, walletLease(place), 'test', 60_000);
  await createPlanRecords(redis, place).open(lease!.fence, planId, {});
  await lease!.release();
});

const screen = {
  write: (text: string) => {
    out += text;
  },
} as Parameters<typeof listPlans>[1];
const flags = (change: object = {}) => ({
  config: join(folder, 'rangeward.yaml'),
  redis: server.url,
  nats: nats.url,
  yes: true,
  reason: 'a test',
  timeoutS: 20,
  json: false,
  ...change,
});

test('the plan that a wallet has in hand is listed, for people and for programs', async () => {
  await listPlans(flags(), screen);
  expect(out).toContain(planId);
  out = '';
  await listPlans(flags({ json: true }), screen);
  expect(JSON.parse(out)).toEqual({ open: [{ ...place, planId }], proposals: [] });
});

test('a plan that only a person may end is listed with the reason and its runbook', async () => {
  const lease = await acquireLease(redis, walletLease(place), 'test', 60_000);
  const halted = { reason: 'swap is not on the chain any more', at: '2026-01-05T00:00:00.000Z' };
  await createPlanRecords(redis, place).save(lease!.fence, planId, 0, { halted });
  await listPlans(flags(), screen);
  expect(out).toContain('is halted: swap is not on the chain any more (docs/runbooks/plan-halted.md)');
});

describe('giving a plan up', () => {
  test('says what would happen and asks nobody until it is told to do it', async () => {
    await expect(abandonPlan('c0ff', flags({ yes: false }), screen)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('Say --yes to do it'),
    });
    expect(await readAbandonRequest(redis, planId)).toBeNull();
  });

  test.each([true, false])('waits for the executor’s answer and tells it, closed: %s', async (closed) => {
    const asked = abandonPlan('c0ffee', flags(), screen);
    const ended = asked.catch((error: Error) => error.message);
    await vi.waitFor(async () => expect(await readAbandonRequest(redis, planId)).toMatchObject({ reason: 'a test' }));
    await answerAbandonRequest(redis, planId, { closed, text: 'the tokens rest in the wallet' });
    expect(await ended).toBe(closed ? undefined : 'the plan stays open: the tokens rest in the wallet');
    expect(out).toBe(closed ? 'Closed: the tokens rest in the wallet\n' : '');
  });

  test('that no executor answers is said, and the request stands', async () => {
    await expect(abandonPlan(planId, flags({ timeoutS: 0 }), screen)).rejects.toThrow('no executor has answered');
    expect(await readAbandonRequest(redis, planId)).not.toBeNull();
  });
});
