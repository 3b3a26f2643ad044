import { listDeadLetters } from '@rangeward/adapter-nats/dead-letters';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { reserveBudget } from '@rangeward/adapter-redis/budgets';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { decodeEvent, errorNotification, type Plan, type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import type { LocalChain } from '@rangeward/localnet/chain-state';
import { startNatsServer } from '@rangeward/localnet/nats-server';
import { startRedisServer } from '@rangeward/localnet/redis-server';
import { createLogger } from '@rangeward/service/log';
import { vi } from 'vitest';
import { type Settings, settings } from '../src/config.ts';
import { start } from '../src/start.ts';
import { openWorld, pool } from './local-world.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const day = { budget: 'gas-usd-e6', scope: 'live', windowMs: 86_400_000 };

/** A world with broker and Redis of its own, in which executors are started as the host starts them. */
export type Running = Awaited<ReturnType<typeof openRunning>>;

export async function openRunning() {
  const [nats, server, world] = await Promise.all([startNatsServer(), startRedisServer(), openWorld()]);
  const redis: Redis = await connectRedis({ url: server.url });
  const watching = await openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log });
  const { trades, told } = listen(watching);
  const stops: (() => Promise<void>)[] = [];
  let mining: NodeJS.Timeout | undefined;

  async function startExecutor(onBoundary: (place: string) => void | Promise<void> = () => {}) {
    const config = configOf({ nats: nats.url, redis: server.url, chain: world.chain });
    const bus: NatsBus = await openBus({ url: nats.url, service: 'executor', inbox: createInbox(redis), log });
    const running = await start({ bus, redis, config, log, now: Date.now, onBoundary });
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= running.stop().then(() => bus.drain());
      return stopping;
    };
    stops.push(stop);
    return { stop };
  }

  /** Reserves what the plan names, as decision does. */
  async function reserved(plan: Plan): Promise<Plan> {
    const line = { ...day, amount: plan.limits.maxGasUsdE6, limit: 10 ** 12 };
    await reserveBudget(redis, { reservationId: plan.reservationId, nowMs: Date.now(), lines: [line] });
    return plan;
  }

  const tradeOf = (plan: Plan) =>
    vi.waitFor(
      () => {
        const found = trades.find((trade) => trade.planId === plan.planId);
        if (found === undefined) throw new Error(`plan ${plan.planId} has no end yet`);
        return found;
      },
      { timeout: 60_000, interval: 10 },
    );

  return {
    world,
    redis,
    bus: watching,
    trades,
    told,
    startExecutor,
    reserved,
    tradeOf,
    /** A block every so often, whether there is a transaction or not. */
    mineEvery(ms: number) {
      mining = setInterval(() => void world.client.mine({ blocks: 1 }).catch(() => {}), ms);
    },
    /** How many trades the stream keeps, for each plan that has any: one said twice is refused the second time. */
    async storedTrades(): Promise<number[]> {
      const subjects_filter = 'lp.v1.trade-executed.>';
      const { state } = await watching.broker.jsm.streams.info('LP_PLANS', { subjects_filter });
      return Object.values(state.subjects ?? {});
    },
    deadLetters: () => listDeadLetters(watching.broker),
    async close() {
      clearInterval(mining);
      for (const stop of stops) await stop();
      await watching.drain();
      await closeRedis(redis);
      await Promise.all([nats.stop(), server.stop(), world.chain.stop()]);
    },
  };
}

/** What is said from now on: trades, and the codes of error notifications. */
function listen({ broker }: NatsBus) {
  const trades: TradeExecuted[] = [];
  const told: string[] = [];
  broker.nc.subscribe('lp.v1.trade-executed.>', {
    callback: (_error, { subject, data }) =>
      void trades.push(decodeEvent(tradeExecuted, { subject, headers: {}, body: data }).data),
  });
  broker.nc.subscribe('lp.v1.error-notification.>', {
    callback: (_error, { subject, data }) =>
      void told.push(decodeEvent(errorNotification, { subject, headers: {}, body: data }).data.code),
  });
  return { trades, told };
}

function configOf(of: { readonly nats: string; readonly redis: string; readonly chain: LocalChain }): Settings {
  // High enough for everything, and there, so that the wallet's own books are kept.
  const caps = { gasUsdPerDay: 1_000_000 };
  return settings.parse({
    mode: 'live',
    log: { level: 'silent' },
    health: {},
    nats: { url: of.nats },
    redis: { url: of.redis },
    chains: { local: chainSettings(of.chain.rpcUrl) },
    executor: { privateKey: of.chain.accounts.operator.privateKey, receiptPollMs: 20, leaseMs: 2_000, caps },
  });
}

function chainSettings(rpcUrl: string) {
  const token = (symbol: string, decimals: number) => ({ symbol, decimals });
  const main = { address: pool, token0: token('USDC', 6), token1: token('WETH', 18), stable: 'token0' };
  return { chainId: 31337, rpcUrl, confirmations: 1, pools: { main } };
}
