import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listDeadLetters } from '@rangeward/adapter-nats/dead-letters';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { readAbandonAnswer, requestAbandon } from '@rangeward/adapter-redis/abandon-requests';
import { readBudget, reserveBudget } from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { listOpenPlans } from '@rangeward/adapter-redis/plan-records';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import {
  decodeEvent,
  encodeEvent,
  type Plan,
  rebalancePlanned,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { hostService } from '@rangeward/host/host-service';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { loadConfig } from '@rangeward/service/config';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LocalWorld, openWorld, planToMove, pool, positionLeftBehind, stateOf } from '../test/local-world.ts';
import { settings } from './config.ts';
import { hosted } from './hosted.ts';
import { start } from './start.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const ref = { chain: 'local', pool, id: 'main' };
const day = { budget: 'gas-usd-e6', scope: 'live', windowMs: 86_400_000 };

let folder: string;
let nats: NatsServer;
let redisServer: RedisServer;
let redis: Redis;
let bus: NatsBus;
let world: LocalWorld;
let trades: TradeExecuted[];
let lives: Life[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-executor-'));
});
beforeEach(async () => {
  [nats, redisServer, world] = await Promise.all([startNatsServer(), startRedisServer(), openWorld()]);
  redis = await connectRedis({ url: redisServer.url });
  bus = await openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log });
  trades = [];
  lives = [];
  bus.broker.nc.subscribe('lp.v1.trade-executed.>', {
    callback: (_error, message) => {
      trades.push(decodeEvent(tradeExecuted, { subject: message.subject, headers: {}, body: message.data }).data);
    },
  });
});
afterEach(async () => {
  await Promise.all(lives.map((life) => life.close()));
  await bus?.drain();
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop(), world?.chain.stop()]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configFile(change: { mode?: string; executor?: string; chains?: string } = {}): string {
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, world.chain.accounts.operator.privateKey, { mode: 0o600 });
  const file = join(folder, `rangeward-${Math.random().toString(36).slice(2)}.yaml`);
  const tokens = 'token0: { symbol: USDC, decimals: 6 }, token1: { symbol: WETH, decimals: 18 }, stable: token0';
  writeFileSync(
    file,
    `mode: ${change.mode ?? 'live'}
nats: { url: '${nats.url}' }
redis: { url: '${redisServer.url}' }
log: { level: silent }
chains:
  local:
    chainId: 31337
    rpcUrl: '${world.chain.rpcUrl}'
    confirmations: 1
    pools:
      main: { address: '${pool}', ${tokens} }
${change.chains ?? ''}
executor: ${change.executor ?? `{ keyFile: '${keyFile}' }`}
`,
  );
  return file;
}

async function startExecutor(change: Parameters<typeof configFile>[0] = {}): Promise<Life> {
  const life = createLife({ log });
  lives.push(life);
  await hostService(life, hosted, { files: [configFile(change)], env: {}, alone: false });
  return life;
}

async function managed(): Promise<bigint> {
  const tokenId = await positionLeftBehind(world, 100, 150);
  await adoptPosition(redis, ref, { tokenId, entry: null });
  return tokenId;
}

async function reserved(plan: Plan): Promise<Plan> {
  const line = { ...day, amount: plan.limits.maxGasUsdE6, limit: 10 ** 12 };
  await reserveBudget(redis, { reservationId: plan.reservationId, nowMs: Date.now(), lines: [line] });
  return plan;
}

const tradeOf = (plan: Plan) =>
  vi.waitFor(
    () => {
      const found = trades.find((trade) => trade.planId === plan.planId);
      expect(found).toBeDefined();
      return found!;
    },
    { timeout: 30_000, interval: 5 },
  );

describe('the executor on the bus', () => {
  test('of two replicas one carries the plan out; books, registry and chain agree', async () => {
    await Promise.all([startExecutor(), startExecutor()]);
    const tokenId = await managed();
    const plan = await reserved(await planToMove(world, tokenId));
    const startedMs = performance.now();
    await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    const trade = await tradeOf(plan);
    if (process.env.SHOW_FIGURES)
      process.stdout.write(`plan to trade ${(performance.now() - startedMs).toFixed(0)} ms\n`);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect((await readPosition(redis, ref))?.tokenId).toBe(trade.tokenIdAfter);
    expect((await stateOf(world, trade.tokenIdAfter!)).position?.liquidity).toBe(trade.liquidityAfter);
    const drawn = await readBudget(redis, { ...day, nowMs: Date.now() });
    expect(drawn).toEqual({ used: trade.gasUsdE6, reserved: 0 });
  });

  test('the same plan in five messages of their own has one effect and one trade', async () => {
    await Promise.all([startExecutor(), startExecutor()]);
    const tokenId = await managed();
    const plan = await reserved(await planToMove(world, tokenId));
    const { nonce } = await stateOf(world, tokenId);
    const message = encodeEvent(rebalancePlanned, plan, {
      source: 'test',
      time: plan.issuedAt,
      correlationId: plan.run.id,
    });
    await Promise.all(
      [1, 2, 3, 4, 5].map((copy) =>
        bus.broker.publisher.publish({
          subject: message.subject,
          body: message.body,
          headers: { ...message.headers, 'ce-id': `copy-${copy}`, 'Nats-Msg-Id': `copy-${copy}` },
        }),
      ),
    );
    const trade = await tradeOf(plan);
    await vi.waitFor(
      async () => {
        const state = await bus.broker.jsm.consumers.info('LP_PLANS', 'executor-plans');
        expect(state.num_ack_pending + state.num_pending).toBe(0);
      },
      { timeout: 30_000 },
    );
    expect((await stateOf(world, tokenId)).nonce - nonce).toBe(trade.transactions.length);
    const stored = await bus.broker.jsm.streams.info('LP_PLANS', { subjects_filter: 'lp.v1.trade-executed.>' });
    expect(Object.values(stored.state.subjects ?? {})).toEqual([1]);
    expect((await readBudget(redis, { ...day, nowMs: Date.now() })).used).toBe(trade.gasUsdE6);
  });

  test('what one executor left half done the next one adopts at its start', async () => {
    const { config } = loadConfig({ schema: settings, files: [configFile()], env: {} });
    const dying = await openBus({ url: nats.url, service: 'executor', inbox: createInbox(redis), log });
    const places: string[] = [];
    const first = await start({
      bus: dying,
      redis,
      config,
      log,
      now: Date.now,
      onBoundary: (place) => {
        places.push(place);
        if (place === 'swap:sent') throw new Error('ended here');
      },
    });
    const tokenId = await managed();
    const plan = await reserved(await planToMove(world, tokenId));
    await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    await vi.waitFor(() => expect(places).toContain('swap:sent'), { timeout: 20_000 });
    await first.stop();
    await dying.drain();
    expect(trades).toEqual([]);
    await startExecutor();
    const trade = await tradeOf(plan);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(trade.transactions.filter((tx) => tx.step === 'swap')).toHaveLength(1);
    expect((await readPosition(redis, ref))?.lineage).toEqual([tokenId, trade.tokenIdAfter]);
  });

  test('a plan changed on its way is a dead letter, nothing is sent, and its budget is free again', async () => {
    await startExecutor();
    const tokenId = await managed();
    const plan = await planToMove(world, tokenId);
    const { nonce } = await stateOf(world, tokenId);
    const changed = await reserved({ ...plan, reservationId: 'another' });
    expect((await readBudget(redis, { ...day, nowMs: Date.now() })).reserved).toBe(plan.limits.maxGasUsdE6);
    await bus.publish(rebalancePlanned, changed, { correlationId: plan.run.id });
    await vi.waitFor(async () => {
      expect(await listDeadLetters(bus.broker)).toMatchObject([{ code: 'plan-id-mismatch', field: 'planId' }]);
    });
    expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
    expect(trades).toEqual([]);
    expect(await readBudget(redis, { ...day, nowMs: Date.now() })).toEqual({ used: 0, reserved: 0 });
  });

  test('a plan that an operator gave up is closed while no message asks for it', async () => {
    const { config } = loadConfig({ schema: settings, files: [configFile()], env: {} });
    const dying = await openBus({ url: nats.url, service: 'executor', inbox: createInbox(redis), log });
    const ended = Promise.withResolvers<void>();
    const onBoundary = async (place: string) => {
      if (place !== 'withdraw:done') return;
      await sendAndWait(world.client, world.chain.accounts.operator, { to: world.wallet, data: '0x' });
      ended.resolve();
      throw new Error('ended here');
    };
    const first = await start({ bus: dying, redis, config, log, now: Date.now, onBoundary });
    const tokenId = await managed();
    const plan = await reserved(await planToMove(world, tokenId));
    await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    await ended.promise;
    await first.stop();
    await dying.drain();
    // The message is gone; the wallet is still in the plan's hand.
    await bus.broker.jsm.streams.purge('LP_PLANS');
    await startExecutor();
    expect(await listOpenPlans(redis)).toEqual([{ chainId: 31337, wallet: world.wallet, planId: plan.planId }]);
    await requestAbandon(redis, plan.planId, { by: 'ann', reason: 'a test', at: plan.issuedAt });
    const trade = await tradeOf(plan);
    expect(trade.reason).toContain('abandoned by ann (a test); the tokens rest in the wallet');
    expect(await readAbandonAnswer(redis, plan.planId)).toMatchObject({ closed: true });
    await vi.waitFor(async () => expect(await listOpenPlans(redis)).toEqual([]));
    expect(await readBudget(redis, { ...day, nowMs: Date.now() })).toEqual({ used: trade.gasUsdE6, reserved: 0 });
  });

  test.each(['paper', 'live'])('a run on paper needs no key and sends nothing, the executor being %s', async (mode) => {
    await startExecutor(mode === 'paper' ? { mode, executor: `{ wallet: '${world.wallet}' }` } : {});
    const tokenId = await managed();
    const plan = await reserved(
      await planToMove(world, tokenId, (made) => ({ ...made, run: { ...made.run, mode: 'paper' } })),
    );
    const { nonce } = await stateOf(world, tokenId);
    await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
    const trade = await tradeOf(plan);
    expect(trade).toMatchObject({ outcome: 'simulated', mode: 'paper', tokenIdAfter: tokenId });
    expect(trade.reason).toContain('the very transactions');
    expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
    expect((await readPosition(redis, ref))?.tokenId).toBe(tokenId);
  });
});

describe('what does not start', () => {
  test('live without a key', async () => {
    await expect(startExecutor({ executor: '{}' })).rejects.toThrow(
      /none of executor.keystoreFile, executor.keyFile and executor.privateKey/,
    );
  });

  test('live with two sources of a key, or a keystore without its password', async () => {
    const key = join(folder, 'key');
    const two = `{ keyFile: '${key}', keystoreFile: '${key}', keystorePassword: 'a password' }`;
    await expect(startExecutor({ executor: two })).rejects.toThrow('set one of executor.keystoreFile');
    await expect(startExecutor({ executor: `{ keystoreFile: '${key}' }` })).rejects.toThrow(
      'executor.keystorePassword is not set',
    );
  });

  test('live with real money and nobody who acknowledged the wallet', async () => {
    const chains = `  base:\n    chainId: 8453\n    rpcUrl: 'http://127.0.0.1:9'`;
    await expect(startExecutor({ chains })).rejects.toThrow(`Set live.acknowledgeWallet to ${world.wallet}`);
  });

  test('a key that is not the configured wallet’s', async () => {
    const key = join(folder, 'key');
    const executor = `{ keyFile: '${key}', wallet: '0x${'11'.repeat(20)}' }`;
    await expect(startExecutor({ executor })).rejects.toThrow(`the key is that of ${world.wallet}`);
  });
});
