import { startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeRedis, connectRedis, type Redis } from './connect.ts';
import { inspectState, stateProblems } from './inspect-state.ts';

let server: Awaited<ReturnType<typeof startRedisServer>>;
let redis: Redis;

beforeAll(async () => {
  server = await startRedisServer({ appendfsync: 'always' });
  redis = await connectRedis({ url: server.url });
});
afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
});

test('one that writes everything and drops nothing is fit for real money', async () => {
  expect(stateProblems(await inspectState(redis))).toEqual([]);
});

test.each([
  ['appendonly', 'no', 'set "appendonly yes"'],
  ['appendfsync', 'everysec', 'set "appendfsync always"'],
  ['maxmemory-policy', 'allkeys-lru', 'set "maxmemory-policy noeviction"'],
])('one with %s %s is not, and it is said what to do', async (name, value, advice) => {
  const [, before = ''] = (await redis.config('GET', name)) as string[];
  await redis.config('SET', name, value);
  expect(stateProblems(await inspectState(redis))).toEqual([expect.stringContaining(advice)]);
  await redis.config('SET', name, before);
});

test('one that does not say how it keeps its data is not', async () => {
  await redis.acl('SETUSER', 'asker', 'on', '>secret', '~*', '+@all', '-config');
  const asker = await connectRedis({ url: server.url, username: 'asker', password: 'secret' });
  expect(stateProblems(await inspectState(asker))).toEqual([expect.stringContaining('+config|get')]);
  await closeRedis(asker);
});
