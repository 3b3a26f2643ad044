import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { inspectState, stateProblems } from '@rangeward/adapter-redis/inspect-state';
import { keyFamilies, type RedisUser, redisPasswordVariable, redisUsers } from '@rangeward/adapter-redis/key-families';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const passwords = Object.fromEntries(redisUsers.map((user) => [redisPasswordVariable(user), `secret-of-${user}`]));

let folder: string;
let server: RedisServer;
const connections = new Map<RedisUser, Redis>();

/** The very file and the very command that compose uses, with passwords in the environment as compose has them. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeward-acl-'));
  const aclFile = join(folder, 'users.acl');
  const { stdout } = await promisify(execFile)(
    'awk',
    ['-f', `${root}deploy/fill-in.awk`, `${root}deploy/redis-users.acl`],
    {
      env: { ...process.env, ...passwords },
    },
  );
  await writeFile(aclFile, stdout);
  server = await startRedisServer({ aclFile, appendfsync: 'always' });
  for (const user of redisUsers) {
    const password = `secret-of-${user}`;
    connections.set(user, await connectRedis({ url: server.url, username: user, password, name: user }));
  }
});

afterAll(async () => {
  await Promise.all([...connections.values()].map(closeRedis));
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('what each user of Redis may touch', () => {
  test.each(redisUsers)('%s: its own keys, and those that it must read, by command and by script', async (user) => {
    const found = await Promise.all(
      keyFamilies.map(async ({ pattern }) => {
        const key = pattern.replace('*', 'x');
        const [reads, writes] = [await may(user, 'EXISTS', key), await may(user, 'DEL', key)];
        return {
          pattern,
          reads,
          writes,
          scripted: await may(user, 'EVAL', "return redis.call('DEL', KEYS[1])", '1', key),
        };
      }),
    );
    expect(found).toEqual(
      keyFamilies.map(({ pattern, writers, readers }) => {
        const writes = writers.includes(user);
        const reads = writes || user === 'operator' || readers?.includes(user) === true;
        return { pattern, reads, writes, scripted: writes };
      }),
    );
  });

  test('no script reaches a key that it was not given', async () => {
    const script = "return redis.call('SET', 'lp:control:trading', 'running')";
    await expect(connectionOf('signal').eval(script, 0)).rejects.toThrow(/permissions|NOPERM|can't access/i);
  });

  test.each(redisUsers)('%s: nothing that looks at the server or drops what others keep', async (user) => {
    const forbidden = [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'SET', 'appendonly', 'no'],
      ['KEYS', '*'],
      ['DEBUG', 'SLEEP', '0'],
      ['SHUTDOWN'],
      ['ACL', 'SETUSER', user, '+@all'],
      ['SCRIPT', 'FLUSH'],
      ['FUNCTION', 'FLUSH'],
      ['MONITOR'],
      ['CLIENT', 'KILL', 'ID', '1'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['PUBLISH', 'channel', 'message'],
      ['RANDOMKEY'],
      ...(user === 'operator' ? [] : [['SCAN', '0']]),
      ...(user === 'operator' || user === 'executor' ? [] : [['CONFIG', 'GET', 'appendonly']]),
    ];
    const allowed: string[] = [];
    for (const command of forbidden) if (await may(user, ...command)) allowed.push(command.join(' '));
    expect(allowed).toEqual([]);
  });

  test('keys of nobody are nobody’s', async () => {
    const allowed = await Promise.all(
      redisUsers.map(async (user) => (await may(user, 'DEL', 'lp:other')) || (await may(user, 'DEL', 'other'))),
    );
    expect(allowed.some(Boolean)).toBe(false);
  });
});

test('the executor sees with its own rights how the server keeps its data', async () => {
  expect(stateProblems(await inspectState(connectionOf('executor')))).toEqual([]);
});

test('a stranger, and a user with another password, are turned away', async () => {
  await expect(connectRedis({ url: server.url, connectWithinMs: 2_000 })).rejects.toThrow(/refuses us/);
  const wrong = { url: server.url, username: 'executor', password: 'secret-of-decision', connectWithinMs: 2_000 };
  await expect(connectRedis(wrong)).rejects.toThrow(/refuses us/);
});

test('every key that the adapter names belongs to a family', async () => {
  const { stdout } = await promisify(execFile)(
    'grep',
    [
      '-rhoE',
      '--exclude=*.test.ts',
      '--exclude=key-families.ts',
      "'lp:[^']*'|`lp:[^`]*`",
      `${root}packages/adapters/redis/src`,
    ],
    {
      maxBuffer: 1e7,
    },
  );
  const named = stdout.split('\n').filter((line) => line !== '' && !/[<…]/.test(line));
  const beginnings = keyFamilies.map(({ pattern }) =>
    pattern.replace(/\*$/, '').replace(/(inbox\}:|limits:).*$/, '$1'),
  );
  const strays = named
    .map((line) => line.slice(1, -1))
    .filter(
      (key) => !beginnings.some((start) => key.startsWith(start) || start.startsWith(key.replace(/\$\{.*$/, ''))),
    );
  expect(strays).toEqual([]);
});

test('the file is what the table says', async () => {
  const script = `${root}scripts/generate-redis-users.ts`;
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
});

/** What is allowed is done: all keys here are the test’s own. */
async function may(user: RedisUser, ...command: string[]): Promise<boolean> {
  const connection = connectionOf(user);
  try {
    await connection.call(command[0] ?? '', ...command.slice(1));
    return true;
  } catch {
    return false;
  }
}

function connectionOf(user: RedisUser): Redis {
  const connection = connections.get(user);
  if (connection === undefined) throw new Error(`${user} has no connection`);
  return connection;
}
