import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { ceilToSpacing, floorToSpacing } from '@rangeward/uniswap-v3/tick-grid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet, ref } from '../test/live-wallet.ts';
import {
  allowances,
  balances,
  type LocalWorld,
  movePrice,
  openWorld,
  planToMove,
  stateOf,
} from '../test/local-world.ts';
import { rehearse } from './rehearse.ts';
import { tryStepsApart } from './try-steps-apart.ts';

let server: RedisServer;
let redis: Redis;
let world: LocalWorld;
let wallet: LiveWallet;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(async () => {
  await redis.flushall();
  world = await openWorld();
  wallet = openLiveWallet(redis, world);
});
afterEach(() => world.chain.stop());
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

/** A plan that mints beside the price what the price has left behind on its way up (token1) or down (token0). */
const planBeside = (tokenId: bigint, width = 400) =>
  planToMove(world, tokenId, (plan) => {
    const { tick } = plan.market.pool;
    const above = tick < plan.position.tickLower;
    const tickLower = above ? ceilToSpacing(tick + 10, 10) : floorToSpacing(tick - 10, 10) - width;
    return { ...plan, swap: 'none', target: { tickLower, tickUpper: tickLower + width } };
  });

const stepsOf = (trade: { transactions: readonly { step: string }[] }) => trade.transactions.map(({ step }) => step);

describe('a rebalance without a swap', () => {
  test.each([
    ['up', 150],
    ['down', -150],
  ])('after the price went %s mints all that is held beside it, and sells nothing', async (_, ticks) => {
    const tokenId = await wallet.managed(100, ticks);
    const plan = await planBeside(tokenId);
    const before = await balances(world);
    const trade = await wallet.carried(plan);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(stepsOf(trade)).not.toContain('swap');
    expect(stepsOf(trade)).not.toContain('approve-router');
    const live = await stateOf(world, trade.tokenIdAfter!);
    expect(live.position).toMatchObject({ ...plan.target, liquidity: trade.liquidityAfter });
    expect(trade).toMatchObject({ swap: null, swapCostUsdE6: null, ...plan.target });
    // Only fees in the other token stay: less than a thousandth of the position.
    const { leftover } = trade;
    const after = await balances(world);
    expect(after.map((amount, index) => amount - before[index]!)).toEqual([leftover!.amount0, leftover!.amount1]);
    expect(trade.valueAfterUsdE6! / trade.valueBeforeUsdE6).toBeCloseTo(1, 2);
    const minted = ticks > 0 ? trade.minted!.amount1 : trade.minted!.amount0;
    const rest = ticks > 0 ? leftover!.amount1 : leftover!.amount0;
    expect(Number(rest) / Number(minted)).toBeLessThan(0.001);
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
    expect(trade.gasUsed).toBeLessThan(900_000n);
    expect((await readPosition(redis, ref))?.tokenId).toBe(trade.tokenIdAfter);
  });

  test.each([
    ['up', 150, 25],
    ['down', -150, -25],
  ])('goes on ahead of a price that ran %s into its range before the mint', async (_, ticks, further) => {
    const tokenId = await wallet.managed(100, ticks);
    // Where the price goes back the way it came, it runs into the range that waits there.
    const plan = await planBeside(tokenId);
    const { tick } = plan.market.pool;
    const tools = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place === 'withdraw:done') await movePrice(world, tick - further);
      },
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    const live = await stateOf(world, trade.tokenIdAfter!);
    expect(live.position).toMatchObject({ tickLower: trade.tickLower, tickUpper: trade.tickUpper });
    expect(trade.tickUpper! - trade.tickLower!).toBe(400);
    expect(trade.tickLower).not.toBe(plan.target!.tickLower);
    const beside = ticks > 0 ? tick - further - trade.tickUpper! : trade.tickLower! - (tick - further);
    expect(beside).toBeGreaterThanOrEqual(0);
    expect(beside).toBeLessThanOrEqual(10);
  });

  test('is rehearsed as it would be done, also by a node that cannot simulate in a row', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planBeside(tokenId);
    const trade = await rehearse({ ...wallet.toolsFor(), mode: 'paper', signer: null }, paper(plan));
    expect(trade.outcome, trade.reason).toBe('simulated');
    expect(trade).toMatchObject({ swap: null, ...plan.target });
    const apart = await tryStepsApart(wallet.toolsFor(), plan, await stateOf(world, tokenId));
    expect(apart.failure).toBeNull();
    expect(apart.steps.map(({ name }) => name)).toEqual(stepsOf(trade));
  });
});

const paper = <P extends { run: { mode: 'paper' | 'live' } }>(plan: P): P => ({
  ...plan,
  run: { ...plan.run, mode: 'paper' },
});

describe('an exit', () => {
  const planToLeave = (tokenId: bigint) =>
    planToMove(world, tokenId, (plan) => ({
      ...plan,
      ...{ kind: 'exit', target: null, expectedGas: { units: 300_000, l1FeeWei: 0n } },
    }));

  test('takes everything out, mints nothing, and the books say that all lies in the wallet', async () => {
    const tokenId = await wallet.managed(300, 50);
    const before = await balances(world);
    const plan = await planToLeave(tokenId);
    const trade = await wallet.carried(plan);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(stepsOf(trade)).toEqual(['withdraw']);
    expect(trade).toMatchObject({ kind: 'exit', tokenIdAfter: null, minted: null, swap: null, liquidityAfter: null });
    expect((await stateOf(world, tokenId)).position?.liquidity).toBe(0n);
    const after = await balances(world);
    const { leftover } = trade;
    expect(after.map((amount, index) => amount - before[index]!)).toEqual([leftover!.amount0, leftover!.amount1]);
    expect(trade.valueAfterUsdE6! / trade.valueBeforeUsdE6).toBeCloseTo(1, 2);
    expect(trade.gasUsed).toBeLessThan(300_000n);
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId, idle: leftover, restingPlan: plan.planId });
    // Nobody is alarmed: that it rests there was decided.
    expect(wallet.reported).toEqual([]);
    expect(wallet.settled).toEqual([`commit ${plan.reservationId} ${trade.gasUsdE6}`]);
    // The same plan again is the same answer, and a second one finds nothing to take out.
    expect(await wallet.carried(plan)).toEqual(trade);
    expect((await wallet.carried(await planToLeave(tokenId))).outcome).toBe('refused');
  });

  test('on paper would leave the position as it is', async () => {
    const tokenId = await wallet.managed(300, 50);
    const plan = paper(await planToLeave(tokenId));
    const trade = await rehearse({ ...wallet.toolsFor(), mode: 'paper', signer: null }, plan);
    expect(trade).toMatchObject({ outcome: 'simulated', tokenIdAfter: tokenId });
    expect(trade.reason).toContain('everything would be taken out into the wallet in 1 transactions');
  });
});
