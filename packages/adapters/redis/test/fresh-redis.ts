import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { closeRedis, connectRedis, type Redis } from '../src/connect.ts';

/** A real server of the test file that imports this, and a connection to it; empty before each test. */
export let server: RedisServer;
export let redis: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  if (redis !== undefined) await closeRedis(redis);
  await server?.stop();
});
