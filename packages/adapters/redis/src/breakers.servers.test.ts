import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readBreaker, writeBreaker } from './breakers.ts';
import { closeRedis, connectRedis, type Redis } from './connect.ts';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  if (redis !== undefined) await closeRedis(redis);
  await server?.stop();
});

const open = { state: 'open', sinceMs: 1_000, reason: '7 errors', errors: 7 } as const;

test('closed until somebody writes it, then as written, each name for itself', async () => {
  expect(await readBreaker(redis, 'errors')).toMatchObject({ state: 'closed', version: 0 });
  expect(await writeBreaker(redis, 'errors', open, 0)).toEqual({ ...open, version: 1 });
  expect(await readBreaker(redis, 'errors')).toEqual({ ...open, version: 1 });
  expect((await readBreaker(redis, 'rpc')).state).toBe('closed');
});

test('of many who step it at once one wins', async () => {
  const writes = await Promise.all(Array.from({ length: 50 }, () => writeBreaker(redis, 'errors', open, 0)));
  expect(writes.filter((written) => written !== null)).toEqual([{ ...open, version: 1 }]);
});

test('who builds on what no longer stands is refused', async () => {
  await writeBreaker(redis, 'errors', open, 0);
  await writeBreaker(redis, 'errors', { ...open, state: 'half-open' }, 1);
  expect(await writeBreaker(redis, 'errors', { ...open, state: 'closed' }, 1)).toBeNull();
  expect(await readBreaker(redis, 'errors')).toMatchObject({ state: 'half-open', version: 2 });
});

test('a state nobody knows lets no trade through', async () => {
  await redis.hset('lp:breaker:errors', 'version', '3', 'state', 'ajar', 'sinceMs', '0', 'errors', '0');
  expect((await readBreaker(redis, 'errors')).state).toBe('open');
});
