import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readAudit } from '@rangeward/adapter-nats/audit-trail';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { createPlanRecords } from '@rangeward/adapter-redis/plan-records';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import { readStop, resumeTrading, stopTrading } from '@rangeward/adapter-redis/trading-control';
import { control, decodeEvent, type Plan, rebalancePlanned, tradeExecuted } from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalWorld, openWorld, planToMove, pool, positionLeftBehind } from '../test/local-world.ts';

const ref = { chain: 'local', pool, id: 'main' };
const log = createLogger({ service: 'test', level: 'silent' });

let folder: string;
let killFile: string;
let nats: NatsServer;
let redisServer: RedisServer;
let world: LocalWorld;
let redis: Redis;
let bus: NatsBus;
let executor: ChildProcess;
let lines: string[];
let outcomes: Map<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-stops-'));
  killFile = join(folder, 'kill');
  [nats, redisServer, world] = await Promise.all([startNatsServer(), startRedisServer(), openWorld()]);
  redis = await connectRedis({ url: redisServer.url });
  bus = await openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log });
  lines = [];
  outcomes = new Map();
  bus.broker.nc.subscribe('lp.v1.trade-executed.>', {
    callback: (_error, { subject, data }) => {
      const trade = decodeEvent(tradeExecuted, { subject, headers: {}, body: data }).data;
      outcomes.set(trade.planId, trade.outcome);
    },
  });
  executor = startExecutor();
  await vi.waitFor(() => expect(lines.join('\n')).toContain('"msg":"ready"'), { timeout: 60_000 });
});
afterAll(async () => {
  const ended = executor?.exitCode === null ? new Promise((resolve) => executor.once('exit', resolve)) : undefined;
  executor?.kill('SIGTERM');
  await ended;
  await bus?.drain();
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop(), world?.chain.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A process of its own, as in production. Every step needs a second block, which the test mines. */
function startExecutor(): ChildProcess {
  const config = join(folder, 'rangeward.yaml');
  const tokens = 'token0: { symbol: USDC, decimals: 6 }, token1: { symbol: WETH, decimals: 18 }, stable: token0';
  writeFileSync(
    config,
    `mode: live
nats: { url: '${nats.url}' }
redis: { url: '${redisServer.url}' }
chains:
  local: { chainId: 31337, rpcUrl: '${world.chain.rpcUrl}', confirmations: 2, pools: { main: { address: '${pool}', ${tokens} } } }
executor: { privateKey: '${world.chain.accounts.operator.privateKey}', killFile: '${killFile}', receiptPollMs: 50 }
`,
  );
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const env = { PATH: process.env.PATH, RANGEWARD_CONFIG: config, PORT: '0' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  return child;
}

const now = () => new Date().toISOString();
const inputs: Record<string, { stop(): Promise<void> | void; after?(): void }> = {
  file: { stop: () => writeFileSync(killFile, ''), after: () => rmSync(killFile) },
  signal: { stop: () => void executor.kill('SIGUSR2') },
  event: {
    stop: async () => {
      await bus.publish(control, { action: 'kill', by: 'ann', reason: 'a test', at: now() });
    },
  },
  command: {
    stop: async () => {
      await stopTrading(redis, { state: 'killed', by: 'ann', reason: 'a test', through: 'command', at: now() });
    },
  },
};

const stepsOf = async (plan: Plan) => {
  const stored = await createPlanRecords(redis, { chainId: 31337, wallet: world.wallet }).read(plan.planId);
  return ((stored?.body as { steps?: { name: string }[] } | undefined)?.steps ?? []).map(({ name }) => name);
};

test.each(Object.entries(inputs))('a kill by %s lets nothing new be signed within a second', async (through, input) => {
  const tokenId = (await readPosition(redis, ref))?.tokenId ?? (await positionLeftBehind(world, 100, 150));
  await adoptPosition(redis, ref, { tokenId, entry: null });
  const plan = await planToMove(world, tokenId);
  const nonce = await world.client.getTransactionCount({ address: world.wallet });
  await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
  const mined = async () => expect(await world.client.getTransactionCount({ address: world.wallet })).toBe(nonce + 1);
  await vi.waitFor(mined, { timeout: 30_000, interval: 5 });
  const askedMs = performance.now();
  await input.stop();
  await vi.waitFor(async () => expect(await readStop(redis)).toMatchObject({ state: 'killed', through }), {
    timeout: 5_000,
    interval: 5,
  });
  expect(performance.now() - askedMs).toBeLessThan(1_000);
  await world.client.mine({ blocks: 2 });
  // The withdrawal that was under way is settled; the step after it waits.
  const waits = () => lines.filter((line) => line.includes(plan.planId) && line.includes('waits before this step'));
  await vi.waitFor(() => expect(waits().length).toBeGreaterThan(2), { timeout: 10_000, interval: 10 });
  expect(await stepsOf(plan)).toEqual(['withdraw']);
  input.after?.();
  // A look at the file that was under way may stop it once more.
  await vi.waitFor(async () => {
    const stop = await readStop(redis);
    expect(stop === null || (await resumeTrading(redis, stop, { by: 'ann', reason: 'seen', at: now() }))).toBe(true);
    expect(await readStop(redis)).toBeNull();
  });
  const mining = setInterval(() => void world.client.mine({ blocks: 1 }).catch(() => {}), 50);
  await vi.waitFor(() => expect(outcomes.get(plan.planId)).toBe('confirmed'), { timeout: 60_000, interval: 20 });
  clearInterval(mining);
});

test('a stop that was resumed since it was said is history; what this process saw itself stands in the trail', async () => {
  await bus.publish(control, { action: 'kill', by: 'ann', reason: 'long ago', at: '2026-01-05T00:00:00.000Z' });
  await vi.waitFor(() => expect(lines.join('\n')).toContain('trading was resumed after this was asked'));
  expect(await readStop(redis)).toBeNull();
  await vi.waitFor(async () => {
    const entries = await Array.fromAsync(readAudit(bus.broker));
    const kills = entries.filter(({ action }) => action === 'kill').map(({ detail }) => detail[0]?.value);
    expect(kills).toEqual(['file', 'signal', 'event']);
  });
});
