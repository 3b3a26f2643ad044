import { requestAbandon } from '@rangeward/adapter-redis/abandon-requests';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet } from '../test/live-wallet.ts';
import { allowances, type LocalWorld, openWorld, planToMove, stateOf } from '../test/local-world.ts';
import { watchClosedPlans } from './watch-closed-plans.ts';

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

/** Takes the last blocks off the chain; anvil forgets their transactions, too. */
const reorg = (depth: number) => world.client.request({ method: 'anvil_reorg' as never, params: [depth, []] as never });
const receiptOf = (hash: string | null) =>
  world.client.getTransactionReceipt({ hash: hash as `0x${string}` }).catch(() => null);

async function closedPlan() {
  const tokenId = await wallet.managed(100, 150);
  const plan = await planToMove(world, tokenId);
  const trade = await wallet.carried(plan);
  expect(trade.outcome, trade.reason).toBe('confirmed');
  const { limits } = wallet.toolsFor();
  const tools = wallet.toolsFor({ limits: { ...limits, finalityBlocks: 4 } });
  return { plan, tokenId, trade, tools, look: watchClosedPlans(tools) };
}

describe('a plan that is closed', () => {
  test('is watched until its transactions are final', async () => {
    const { plan, tools, look } = await closedPlan();
    await world.client.mine({ blocks: 2 });
    await look();
    expect(await tools.records.unfinal()).toEqual([plan.planId]);
    await world.client.mine({ blocks: 1 });
    await look();
    expect(await tools.records.unfinal()).toEqual([]);
    expect(wallet.reported).toEqual([]);
  });

  test.each([1, 2, 3])(
    'and lost its last %d blocks is put back with the same bytes, and a person hears of it',
    async (depth) => {
      const { plan, trade, tools, look } = await closedPlan();
      const { nonce } = await stateOf(world, trade.tokenIdAfter!);
      await reorg(depth);
      expect(await receiptOf(trade.transactions.at(-1)!.hash)).toBeNull();
      await look();
      expect((await stateOf(world, trade.tokenIdAfter!)).nonce).toBe(nonce);
      for (const { hash } of trade.transactions) expect((await receiptOf(hash))?.status).toBe('success');
      expect((await stateOf(world, trade.tokenIdAfter!)).position?.liquidity).toBe(trade.liquidityAfter);
      expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
      expect(new Set(wallet.reported)).toEqual(new Set(['step-vanished']));
      await look();
      expect(wallet.reported).toHaveLength(depth);
      await world.client.mine({ blocks: 4 });
      await look();
      expect(await tools.records.unfinal()).toEqual([]);
      expect(await wallet.carried(plan)).toEqual(trade);
    },
  );

  test('and came to something else after a reorganisation is told once', async () => {
    const { trade, look } = await closedPlan();
    const mint = trade.transactions.findIndex(({ step }) => step === 'mint');
    await reorg(trade.transactions.length - mint);
    // The deadline of the mint is over when it is mined again.
    await world.client.increaseTime({ seconds: 1_000 });
    await world.client.mine({ blocks: 1 });
    await look();
    await look();
    await look();
    expect((await receiptOf(trade.transactions[mint]!.hash))?.status).toBe('reverted');
    expect(wallet.reported.filter((code) => code === 'closed-plan-changed')).toHaveLength(1);
  });

  test('and whose nonce another transaction took is told, and watched no longer than any other', async () => {
    const { trade, tools, look } = await closedPlan();
    await reorg(1);
    await sendAndWait(world.client, world.chain.accounts.operator, { to: world.wallet, data: '0x' });
    await look();
    await look();
    expect(await receiptOf(trade.transactions.at(-1)!.hash)).toBeNull();
    expect(wallet.reported).toEqual(['closed-plan-changed']);
    await world.client.mine({ blocks: 4 });
    await look();
    expect(await tools.records.unfinal()).toEqual([]);
  });

  test('holds up the next one until it is whole again', async () => {
    const { trade, look } = await closedPlan();
    await reorg(2);
    const next = await planToMove(world, trade.tokenIdAfter!, (plan) => ({ ...plan, kind: 'collect', target: null }));
    let looked = false;
    const tools = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place !== 'opened' || looked) return;
        looked = true;
        await look();
      },
    });
    const collected = await wallet.carried(next, tools);
    expect(collected.outcome, collected.reason).toBe('confirmed');
    for (const { hash } of trade.transactions) expect((await receiptOf(hash))?.status).toBe('success');
  });
});

describe('a reorganisation deeper than the confirmations', () => {
  test.each([5, 6, 7])(
    'of %d blocks halts a plan that went on from there, until a person gives it up',
    async (depth) => {
      const tokenId = await wallet.managed(100, 150);
      const plan = await planToMove(world, tokenId);
      const { nonce } = await stateOf(world, tokenId);
      const tools = wallet.toolsFor({
        onBoundary: async (place) => {
          // Withdrawn, three approvals, swapped: the fifth block from the end holds the withdrawal.
          if (place === 'swap:done') await reorg(depth);
        },
      });
      await expect(wallet.carried(plan, tools)).rejects.toMatchObject({ name: 'PlanHalted' });
      expect(wallet.reported).toEqual(['plan-halted']);
      const sent = (await stateOf(world, tokenId)).nonce;
      await expect(wallet.carried(plan)).rejects.toMatchObject({ name: 'PlanHalted' });
      expect((await stateOf(world, tokenId)).nonce).toBe(sent);
      // While one of its steps could still be mined nobody can say what it did.
      const abandoned = { by: 'ann', reason: 'the chain was reorganised', at: plan.issuedAt };
      await requestAbandon(redis, plan.planId, abandoned);
      await expect(wallet.carried(plan)).rejects.toMatchObject({ name: 'PlanHalted' });
      for (let used = sent; used < nonce + 5; used++) {
        await sendAndWait(world.client, world.chain.accounts.operator, { to: world.wallet, data: '0x' });
      }
      await requestAbandon(redis, plan.planId, abandoned);
      const trade = await wallet.carried(plan);
      expect(trade).toMatchObject({ outcome: 'refused', transactions: [] });
      expect(trade.reason).toContain('abandoned by ann');
      expect(await wallet.toolsFor().records.openPlan()).toBeNull();
    },
  );

  test('that took approvals and the last step only is put back: their bytes do the same whatever happened', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    let taken = false;
    const tools = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place !== 'swap:done' || taken) return;
        taken = true;
        await reorg(4);
      },
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    for (const { hash } of trade.transactions) expect((await receiptOf(hash))?.status).toBe('success');
    expect(new Set(wallet.reported)).toEqual(new Set(['step-vanished']));
  });

  test('is seen while the next step waits for its block', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const { limits } = wallet.toolsFor();
    const tools = wallet.toolsFor({
      limits: { ...limits, resendMs: 100 },
      onBoundary: async (place) => {
        if (place === 'approve-manager-token0:stored') await world.client.setAutomine(false);
        if (place === 'approve-manager-token0:sent') await reorg(1);
      },
    });
    await expect(wallet.carried(plan, tools)).rejects.toMatchObject({ name: 'PlanHalted' });
  });
});
