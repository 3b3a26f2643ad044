import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeRedis, connectRedis, type Redis } from './connect.ts';
import { acquireLease } from './leases.ts';
import { createPlanRecords, type PlanRecords, walletLease } from './plan-records.ts';

let server: RedisServer;
let redis: Redis;
let records: PlanRecords;
/** The token of the first holder of the wallet's lease. */
let fence: number;
const of = { chainId: 31337, wallet: '0xabc' };

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
  records = createPlanRecords(redis, of);
});
beforeEach(async () => {
  await redis.flushall();
  fence = await nextOwner();
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

/** The wallet's lease changes hands. */
async function nextOwner(wallet = of): Promise<number> {
  const lease = await acquireLease(redis, walletLease(wallet), 'test', 10_000);
  if (lease === null) throw new Error('somebody holds the lease');
  await lease.release();
  return lease.fence;
}

test('a plan is opened once; whoever opens it again is told what is recorded', async () => {
  expect(await records.open(fence, 'p1', { step: 0 })).toEqual({ kind: 'opened', version: 0, body: { step: 0 } });
  await records.save(fence, 'p1', 0, { step: 1 });
  expect(await records.open(await nextOwner(), 'p1', { step: 0 })).toEqual({
    kind: 'known',
    version: 1,
    body: { step: 1 },
  });
  expect(await records.openPlan()).toBe('p1');
});

test('a wallet has one open plan; the next may begin when it is finished', async () => {
  await records.open(fence, 'p1', {});
  expect(await records.open(fence, 'p2', {})).toEqual({ kind: 'taken', planId: 'p1' });
  expect(await records.read('p2')).toBeNull();
  expect(await records.unfinal()).toEqual([]);
  await records.finish(fence, 'p1', 0, { done: true });
  expect(await records.openPlan()).toBeNull();
  expect(await records.unfinal()).toEqual(['p1']);
  await records.unwatch('p1');
  expect(await records.unfinal()).toEqual([]);
  expect((await records.open(fence, 'p2', {})).kind).toBe('opened');
  expect(await records.open(fence, 'p1', {})).toEqual({ kind: 'known', version: 1, body: { done: true } });
});

test('wallets and chains do not stand in each other’s way', async () => {
  const elsewhere = { ...of, chainId: 1 };
  const other = createPlanRecords(redis, elsewhere);
  await records.open(fence, 'p1', {});
  expect((await other.open(await nextOwner(elsewhere), 'p1', {})).kind).toBe('opened');
});

test('once another has the lease, the one before writes nothing', async () => {
  await records.open(fence, 'p1', { by: 1 });
  await nextOwner();
  await expect(records.save(fence, 'p1', 0, { by: 'zombie' })).rejects.toMatchObject({ code: 'fenced' });
  await expect(records.stepDone(fence, 'p1', 0, {}, 7)).rejects.toMatchObject({ code: 'fenced' });
  await expect(records.finish(fence, 'p1', 0, {})).rejects.toMatchObject({ code: 'fenced' });
  await expect(records.open(fence, 'p2', {})).rejects.toMatchObject({ code: 'fenced' });
  expect(await records.read('p1')).toEqual({ version: 0, body: { by: 1 } });
  expect(await records.floor()).toBeNull();
  expect(await records.openPlan()).toBe('p1');
});

test('of two writers on one version one wins', async () => {
  await records.open(fence, 'p1', {});
  const writes = await Promise.allSettled([records.save(fence, 'p1', 0, 'a'), records.save(fence, 'p1', 0, 'b')]);
  expect(writes.map((write) => write.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect((await records.read('p1'))?.version).toBe(1);
});

test('a done step raises the floor with the record or not at all', async () => {
  await records.open(fence, 'p1', {});
  expect(await records.stepDone(fence, 'p1', 0, { step: 1 }, 8)).toBe(1);
  expect(await records.floor()).toBe(8);
  await expect(records.stepDone(fence, 'p1', 0, {}, 9)).rejects.toMatchObject({ code: 'version' });
  await expect(records.stepDone(fence, 'p1', 1, {}, 7)).rejects.toMatchObject({ code: 'floor' });
  expect(await records.floor()).toBe(8);
  expect(await records.read('p1')).toEqual({ version: 1, body: { step: 1 } });
});

test('a done record does not stay for ever, an open one does', async () => {
  await records.open(fence, 'p1', {});
  const key = (await redis.keys('*:plan:p1'))[0] ?? '';
  expect(await redis.ttl(key)).toBe(-1);
  await records.finish(fence, 'p1', 0, {});
  expect(await redis.ttl(key)).toBeGreaterThan(365 * 86_400);
});
