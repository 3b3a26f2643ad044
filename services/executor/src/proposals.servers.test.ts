import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { readBudget } from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { adoptPosition } from '@rangeward/adapter-redis/position-registry';
import { listProposals } from '@rangeward/adapter-redis/proposals';
import {
  decodeEvent,
  type EventData,
  type Plan,
  planApproved,
  planProposed,
  rebalancePlanned,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LocalWorld, openWorld, planToMove, pool, positionLeftBehind, stateOf } from '../test/local-world.ts';
import { settings } from './config.ts';
import { start } from './start.ts';

const ref = { chain: 'local', pool, id: 'main' };
const log = createLogger({ service: 'test', level: 'silent' });

let nats: NatsServer;
let redisServer: RedisServer;
let world: LocalWorld;
let redis: Redis;
let bus: NatsBus;
let trades: Map<string, TradeExecuted>;
let proposed: EventData<typeof planProposed>[];
let closing: (() => Promise<unknown>)[];

beforeEach(async () => {
  [nats, redisServer, world] = await Promise.all([startNatsServer(), startRedisServer(), openWorld()]);
  redis = await connectRedis({ url: redisServer.url });
  bus = await openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log });
  [trades, proposed, closing] = [new Map(), [], []];
  bus.broker.nc.subscribe('lp.v1.trade-executed.>', {
    callback: (_error, { subject, data }) => {
      const trade = decodeEvent(tradeExecuted, { subject, headers: {}, body: data }).data;
      trades.set(trade.planId, trade);
    },
  });
  bus.broker.nc.subscribe('lp.v1.plan-proposed.>', {
    callback: (_error, { subject, data }) =>
      void proposed.push(decodeEvent(planProposed, { subject, headers: {}, body: data }).data),
  });
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  await bus?.drain();
  if (redis) await closeRedis(redis);
  await Promise.all([nats?.stop(), redisServer?.stop(), world?.chain.stop()]);
});

async function startExecutor(change: { autonomy?: string; caps?: Record<string, number> }) {
  const token = (symbol: string, decimals: number) => ({ symbol, decimals });
  const main = { address: pool, token0: token('USDC', 6), token1: token('WETH', 18), stable: 'token0' };
  const config = settings.parse({
    ...{ mode: 'live', log: {}, health: {}, nats: {}, redis: {} },
    ...(change.autonomy === undefined ? {} : { autonomy: change.autonomy }),
    chains: { local: { chainId: 31337, rpcUrl: world.chain.rpcUrl, confirmations: 1, pools: { main } } },
    executor: { privateKey: world.chain.accounts.operator.privateKey, receiptPollMs: 50, caps: change.caps ?? {} },
  });
  const own = await openBus({ url: nats.url, service: 'executor', inbox: createInbox(redis), log });
  closing.push(() => own.drain());
  const running = await start({ bus: own, redis, config, log, now: Date.now });
  closing.push(() => running.stop());
}

async function published(change: (plan: Omit<Plan, 'planId'>) => Omit<Plan, 'planId'> = (plan) => plan): Promise<Plan> {
  const tokenId = await positionLeftBehind(world, 100, 150);
  await adoptPosition(redis, ref, { tokenId, entry: null });
  const plan = await planToMove(world, tokenId, change);
  await bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
  return plan;
}

const waits = { timeout: 30_000, interval: 10 };
const tradeOf = (plan: Plan) =>
  vi.waitFor(() => {
    const trade = trades.get(plan.planId);
    if (trade === undefined) throw new Error('no trade yet');
    return trade;
  }, waits);
const approval = (plan: Plan) => ({ planId: plan.planId, by: 'ann', reason: 'fits', at: new Date().toISOString() });

test('a proposed plan waits for a person, is carried out once approved, and an approval of nothing is a dead letter', async () => {
  await startExecutor({ autonomy: 'propose' });
  const plan = await published();
  await vi.waitFor(() => expect(proposed).toHaveLength(1), waits);
  expect(proposed[0]).toMatchObject({ planId: plan.planId, summary: expect.stringContaining('move position main') });
  const { nonce } = await stateOf(world, plan.position.tokenId);
  expect(await listProposals(redis)).toMatchObject([{ plan: { planId: plan.planId } }]);
  expect(trades.size).toBe(0);
  await bus.publish(planApproved, approval(plan), { correlationId: plan.run.id });
  expect(await tradeOf(plan)).toMatchObject({ outcome: 'confirmed' });
  expect((await stateOf(world, plan.position.tokenId)).nonce).toBeGreaterThan(nonce);
  await vi.waitFor(async () => expect(await listProposals(redis)).toEqual([]), waits);
  await bus.publish(planApproved, { ...approval(plan), planId: 'ab'.repeat(32) });
  await vi.waitFor(async () => {
    expect((await bus.broker.jsm.streams.info('LP_DLQ')).state.messages).toBe(1);
  }, waits);
});

test('what nobody approves in time is refused as lapsed, also where only the plan itself asks for an approval', async () => {
  await startExecutor({});
  const plan = await published((made) => ({
    ...made,
    approval: 'required',
    validUntil: new Date(Date.now() + 1_500).toISOString(),
  }));
  expect(await tradeOf(plan)).toMatchObject({ outcome: 'refused', lapsed: true, transactions: [] });
  await vi.waitFor(async () => expect(await listProposals(redis)).toEqual([]), waits);
});

test('who only observes carries nothing out, whoever asks', async () => {
  await startExecutor({ autonomy: 'observe' });
  const trade = await tradeOf(await published());
  expect(trade).toMatchObject({ outcome: 'refused', checks: [{ name: 'autonomy', passed: false }] });
});

test.each([
  ['cap-gas-of-plan', { gasUsdPerPlan: 49 }],
  ['cap-notional-of-plan', { notionalUsdPerPlan: 10 }],
  ['cap-gas-per-day', { gasUsdPerDay: 49 }],
  ['cap-notional-per-day', { notionalUsdPerDay: 10 }],
  ['cap-rebalances-per-day', { rebalancesPerDay: 0 }],
])('%s: the last hop has limits of its own', async (name, caps) => {
  await startExecutor({ caps });
  const trade = await tradeOf(await published());
  expect(trade.outcome).toBe('refused');
  expect(trade.checks.filter(({ passed }) => !passed)).toMatchObject([{ name }]);
});

test('a plan within the caps draws what it really cost', async () => {
  await startExecutor({ caps: { gasUsdPerDay: 60, rebalancesPerDay: 3, notionalUsdPerDay: 1_000_000 } });
  const plan = await published();
  const trade = await tradeOf(plan);
  expect(trade.outcome).toBe('confirmed');
  const of = { scope: `wallet:31337:${world.wallet}`, nowMs: Date.now(), windowMs: 86_400_000 };
  expect(await readBudget(redis, { ...of, budget: 'gas-usd-e6' })).toEqual({ used: trade.gasUsdE6, reserved: 0 });
  expect(await readBudget(redis, { ...of, budget: 'rebalances' })).toEqual({ used: 1, reserved: 0 });
  expect(await readBudget(redis, { ...of, budget: 'notional-usd-e6' })).toEqual({
    used: plan.market.position.valueUsdE6,
    reserved: 0,
  });
});
