import { freePort } from '@rangeward/localnet/free-port';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeRedis, connectRedis, RedisUnavailable } from './connect.ts';

let server: RedisServer;
beforeAll(async () => {
  // Without it a killed server may lose its last second, and with it what a test wrote.
  server = await startRedisServer({ appendfsync: 'always' });
});
afterAll(() => server?.stop());

const listen = () => {
  const messages: string[] = [];
  const hear = (fields: object, message: string) => messages.push(`${message} ${JSON.stringify(fields)}`);
  return { messages, log: { info: hear, warn: hear } };
};

test('ready for commands, under its name, in the database of the URL', async () => {
  const redis = await connectRedis({ url: `${server.url}/3`, name: 'executor' });
  await redis.set('here', '1');
  expect(await redis.client('LIST')).toMatch(/name=executor .*db=3 /);
  await closeRedis(redis);
  await closeRedis(redis);
  await expect.poll(() => redis.status).toBe('end');
});

test('nobody listens: says so by host and port, and gives up in time', async () => {
  const { messages, log } = listen();
  const port = await freePort();
  const url = `redis://me:hunter2@127.0.0.1:${port}/0`;
  const error = await connectRedis({ url, connectWithinMs: 200, log }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RedisUnavailable);
  expect(String(error)).toContain(`redis://127.0.0.1:${port} is not ready after 200 ms`);
  expect(String(error)).toContain('ECONNREFUSED');
  expect(`${error} ${messages.join()}`).not.toContain('hunter2');
});

test('a wrong password is no matter of waiting', async () => {
  const url = server.url.replace('//', '//me:hunter2@');
  const error = await connectRedis({ url, connectWithinMs: 60_000 }).catch((reason: unknown) => reason);
  expect(String(error)).toMatch(/refuses us: WRONGPASS/);
  expect(String(error)).not.toContain('hunter2');
});

test('what is no Redis URL is refused without showing it', async () => {
  await expect(connectRedis({ url: 'hunter2' })).rejects.toThrow('not a URL');
  await expect(connectRedis({ url: 'http://me:hunter2@host' })).rejects.toThrow(/^(?!.*hunter2).*redis:\/\//);
});

test('a hung server fails a command in time, and serves again afterwards', async () => {
  const redis = await connectRedis({ url: server.url, commandTimeoutMs: 100 });
  server.kill('SIGSTOP');
  const started = performance.now();
  await expect(redis.get('x')).rejects.toThrow('timed out');
  expect(performance.now() - started).toBeLessThan(1_500);
  server.kill('SIGCONT');
  await expect.poll(() => redis.set('x', '1').catch(() => 'later')).toBe('OK');
  await closeRedis(redis);
});

test('a server that dies and comes back is found again, with its data', async () => {
  const { messages, log } = listen();
  const redis = await connectRedis({ url: server.url, log });
  await redis.set('kept', '1');
  server.kill('SIGKILL');
  await server.exited();
  await server.restart();
  await expect.poll(() => redis.get('kept').catch(() => 'later'), { timeout: 10_000 }).toBe('1');
  expect(messages.some((message) => message.startsWith('redis connection lost'))).toBe(true);
  await closeRedis(redis);
});

test('closed while its server is away, it does not come back with it', async () => {
  const own = await startRedisServer();
  const { messages, log } = listen();
  const redis = await connectRedis({ url: own.url, commandTimeoutMs: 100, log });
  own.kill('SIGKILL');
  await expect.poll(() => messages.join()).toContain('redis connection lost');
  await closeRedis(redis);
  await own.restart();
  await expect(redis.get('x')).rejects.toThrow();
  const other = await connectRedis({ url: own.url });
  expect(await other.client('LIST')).toMatch(/^id=[^\n]*\n$/);
  await closeRedis(other);
  await own.stop();
});
