import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from './is-running.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

let dir: string;
let server: RedisServer | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rangeward-redis-test-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dir, { recursive: true, force: true });
});

describe('startRedisServer', () => {
  it('keeps what it wrote over kill -9 and restart, on the same port with another process', async () => {
    server = await startRedisServer({ dir, appendfsync: 'always' });
    const { pid, url } = server;
    await ask(url, (redis) => redis.set('kept', 'before the crash'));

    server.kill('SIGKILL');
    await server.exited();
    await server.restart();

    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect(await ask(url, (redis) => redis.get('kept'))).toBe('before the crash');
  });

  it('never evicts, and listens on the loopback only', async () => {
    server = await startRedisServer();
    const settings = await ask(server.url, (redis) => redis.config('GET', 'maxmemory-policy', 'bind', 'appendonly'));
    expect(settings).toEqual(expect.arrayContaining(['maxmemory-policy', 'noeviction', 'bind', '127.0.0.1', 'yes']));
  });

  it('forgets everything without the append-only file', async () => {
    server = await startRedisServer({ dir, appendOnly: false });
    await ask(server.url, (redis) => redis.set('kept', 'no'));
    await server.restart();
    expect(await ask(server.url, (redis) => redis.get('kept'))).toBeNull();
  });

  it('starts with users from an ACL file, though nobody may ask it for a PONG', async () => {
    const aclFile = join(dir, 'users.acl');
    await writeFile(aclFile, 'user default off\nuser someone on >secret ~own:* +@all\n');
    server = await startRedisServer({ dir, aclFile });
    const url = server.url.replace('redis://', 'redis://someone:secret@');
    expect(await ask(url, (redis) => redis.set('own:key', '1'))).toBe('OK');
    await expect(ask(url, (redis) => redis.set('other', '1'))).rejects.toThrow(/NOPERM/);
  });

  it('stops with its process gone, and removes the folder it made itself', async () => {
    const own = await startRedisServer();
    expect(existsSync(own.dir)).toBe(true);
    await own.stop();
    expect(isRunning(own.pid)).toBe(false);
    expect(existsSync(own.dir)).toBe(false);
  });

  it('says how to install a server that is not there', async () => {
    await expect(startRedisServer({ binary: '/nowhere/redis-server' })).rejects.toThrow(/install it with/);
  });
});

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
