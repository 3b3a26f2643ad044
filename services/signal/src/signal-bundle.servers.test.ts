import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { on } from '@rangeward/adapter-nats/bus';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { consumers, marketObserved, type Opinion, recommendation } from '@rangeward/contracts';
import { answering, type MessagesServer, rise, startMessagesServer } from '@rangeward/localnet/messages-server';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const apiKey = 'sk-ant-test-0123456789abcdef';

let folder: string;
let nats: NatsServer;
let redisServer: RedisServer;
let messages: MessagesServer;
let redis: Redis;
let bus: NatsBus;

/** The bundle as the image has it, away from the workspace and its node_modules. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeward-bundle-'));
  await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle.ts'), 'signal']);
  await cp(join(root, 'dist/signal'), join(folder, 'app'), { recursive: true });
  [nats, redisServer, messages] = await Promise.all([startNatsServer(), startRedisServer(), startMessagesServer()]);
  messages.reply(answering(rise));
  redis = await connectRedis({ url: redisServer.url });
  const log = createLogger({ service: 'market-data', level: 'silent' });
  bus = await openBus({ url: nats.url, service: 'market-data', inbox: createInbox(redis), log });
  await writeFile(join(folder, 'key'), `${apiKey}\n`);
  const config = {
    nats: { url: nats.url },
    redis: { url: redisServer.url },
    chains: { local: { chainId: 31337, rpcUrl: 'http://127.0.0.1:1' } },
    signal: { model: { baseUrl: messages.url } },
  };
  await writeFile(join(folder, 'rangeward.yaml'), JSON.stringify(config));
});

afterAll(async () => {
  await bus?.drain(1_000);
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop(), messages?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** Runs the bundle until it is ready; gives all that it logged when it is stopped. */
async function run(): Promise<{ stop(): Promise<string> }> {
  const env = { RANGEWARD_CONFIG: join(folder, 'rangeward.yaml'), ANTHROPIC_API_KEY_FILE: join(folder, 'key') };
  const program: ChildProcess = spawn(process.execPath, [join(folder, 'app/main.mjs')], { env, cwd: folder });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  if (program.stdout === null) throw new Error('it has an output');
  const output = createInterface({ input: program.stdout });
  await new Promise<void>((resolve, reject) => {
    output.on('line', (line) => {
      lines.push(line);
      if (line.includes('"msg":"ready"')) resolve();
    });
    void ended.then(() => reject(new Error(`it ended: ${lines.join('\n')}`)));
  });
  return {
    async stop() {
      program.kill('SIGTERM');
      await ended;
      return lines.join('\n');
    },
  };
}

async function opinionOn(id: string): Promise<Opinion | undefined> {
  const told = Promise.withResolvers<Opinion | undefined>();
  const consumer = {
    ...consumers.signalMarkets,
    service: 'market-data',
    durable: `test-${id}`,
    filter: 'lp.v1.recommendation.>',
    deliver: 'new',
  } as const;
  const listening = await bus.consume(consumer, [
    on(recommendation, async ({ data }) => {
      if (data.run.id === id) told.resolve(data.opinion);
    }),
  ]);
  const sample = sampleObserved();
  const deadline = new Date(Date.now() + 300_000).toISOString();
  await bus.publish(marketObserved, { ...sample, run: { ...sample.run, id, deadline } }, { correlationId: id });
  const opinion = await told.promise;
  await listening.stop();
  return opinion;
}

test('the bundle draws its chart, asks with the key of a file, and never says the key', async () => {
  const program = await run();
  expect(await opinionOn('a'.repeat(32))).toMatchObject({ kind: 'given', weight: 0 });
  expect(messages.received[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
  expect(await program.stop()).not.toContain(apiKey);
});

test('where the native module is not there, it runs without an opinion and says so', async () => {
  await rm(join(folder, 'app/node_modules/@resvg'), { recursive: true });
  const program = await run();
  const asked = messages.received.length;
  expect(await opinionOn('b'.repeat(32))).toMatchObject({ kind: 'none', reason: 'failed' });
  expect(messages.received).toHaveLength(asked);
  expect(await program.stop()).toContain('the chart cannot be drawn: @resvg/resvg-js or dejavu-fonts-ttf is not there');
});
