import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeRedis, connectRedis, type Redis } from './connect.ts';
import { countErrors } from './error-window.ts';

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

const START = 1_770_000_000_000;
const at = (offsetMs: number, added: number) =>
  countErrors(redis, { nowMs: START + offsetMs, windowMs: 60_000, added });

test('errors count while they are in the window and no longer', async () => {
  expect(await at(0, 0)).toEqual({ errors: 0, lastErrorMs: null });
  expect(await at(0, 1)).toEqual({ errors: 1, lastErrorMs: START });
  expect(await at(30_000, 2)).toEqual({ errors: 3, lastErrorMs: START + 30_000 });
  expect((await at(60_000, 0)).errors).toBe(3);
  expect((await at(61_000, 0)).errors).toBe(2);
  expect(await at(95_000, 0)).toEqual({ errors: 0, lastErrorMs: START + 30_000 });
});

test('none is lost when many come at once, and they take little room', async () => {
  await Promise.all(Array.from({ length: 2000 }, (_, index) => at(index * 10, 1)));
  expect((await at(20_000, 0)).errors).toBe(2000);
  expect(await redis.hlen('lp:error-window')).toBe(21);
});
