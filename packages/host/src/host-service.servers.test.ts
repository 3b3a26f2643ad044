import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { freePort } from '@rangeward/localnet/free-port';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { processSettings } from '@rangeward/service/settings';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type HostedService, hostService } from './host-service.ts';

const settings = z.strictObject({
  ...processSettings,
  nats: natsSettings,
  redis: redisSettings,
  signal: z.strictObject({ anthropicApiKey: z.string().optional().meta({ secret: true }) }).prefault({}),
});
type Start = HostedService<typeof settings>['start'];

let nats: NatsServer;
let redis: RedisServer;
let folder: string;
let life: Life;
let lines: string[];

beforeAll(async () => {
  [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
});
afterAll(() => Promise.all([nats?.stop(), redis?.stop()]));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-host-'));
  lines = [];
  life = createLife({ log: createLogger({ service: 'test', level: 'silent' }) });
});
afterEach(async () => {
  await life.close();
  rmSync(folder, { recursive: true });
});

function host(start: Start, change: { yaml?: string; alone?: boolean } = {}) {
  const file = join(folder, 'rangeward.yaml');
  const { yaml = '', alone = false } = change;
  writeFileSync(file, `nats: { url: '${nats.url}' }\nredis: { url: '${redis.url}' }\n${yaml}`);
  const service = { name: 'signal', settings, start } satisfies HostedService<typeof settings>;
  const destination = { write: (line: string) => void lines.push(line) };
  return hostService(life, service, { files: [file], env: {}, destination, alone });
}

test('a service gets what it stands on, open, and is stopped before it is closed', async () => {
  const told: string[] = [];
  await host(async ({ bus, redis: state }) => {
    told.push(`${bus.readiness().ready} ${await state.ping()}`);
    return {
      stop: async () => {
        told.push(`stopping on ${await state.ping()}, ${bus.readiness().detail.nats}`);
      },
    };
  });
  await life.close();
  expect(told).toEqual(['true PONG', 'stopping on PONG, connected']);
});

test('what does not start leaves nothing open, and says which part it was', async () => {
  let ping: (() => Promise<unknown>) | undefined;
  const failing = host(async ({ redis: state }) => {
    ping = () => state.ping();
    throw new Error('no market');
  });
  await expect(failing).rejects.toThrow(/signal.*no market/s);
  await life.close();
  await expect(ping?.()).rejects.toThrow();
});

test('a configuration that is refused opens nothing; another service’s section is passed over', async () => {
  let started = 0;
  const start: Start = async () => {
    started += 1;
    return { stop: async () => {} };
  };
  await expect(host(start, { yaml: 'signl: {}' })).rejects.toThrow(/did you mean signal/);
  expect(started).toBe(0);
  await host(start, { yaml: 'marketData: { anything: 1 }' });
  expect(started).toBe(1);
});

test('a secret of the configuration is in no line of the log', async () => {
  const secret = 'sk-ant-of-a-test-0123456789';
  await host(
    async ({ log, scrub }) => {
      log.error({ err: new Error(`401 for ${secret}`) }, `with ${secret}`);
      expect(scrub(`a ${secret} b`)).not.toContain(secret);
      return { stop: async () => {} };
    },
    { yaml: `signal: { anthropicApiKey: ${secret} }` },
  );
  expect(lines.join('')).toContain('401 for');
  expect(lines.join('')).not.toContain(secret);
});

test('alone it serves its health: ready when bus and service both are, with what each says', async () => {
  const port = await freePort();
  let ready = false;
  await host(
    async () => ({
      readiness: () => ({ ready, detail: { market: ready ? 'followed' : 'silent' } }),
      stop: async () => {},
    }),
    { alone: true, yaml: `health: { port: ${port} }` },
  );
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    return { status: response.status, body: await response.text() };
  };
  expect(await ask()).toMatchObject({ status: 503, body: expect.stringContaining('silent') });
  ready = true;
  const answer = await ask();
  expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('followed') });
  expect(answer.body).toContain('connected');
});
