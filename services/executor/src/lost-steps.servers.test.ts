import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { readAbandonAnswer, requestAbandon } from '@rangeward/adapter-redis/abandon-requests';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { readPosition, settlePosition } from '@rangeward/adapter-redis/position-registry';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { lagBehind, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet, ref } from '../test/live-wallet.ts';
import { balances, type LocalWorld, openWorld, planToMove, stateOf } from '../test/local-world.ts';

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
/** Somebody else uses the wallet's key. */
const useElsewhere = () => sendAndWait(world.client, world.chain.accounts.operator, { to: world.wallet, data: '0x' });

describe('a done step that a reorganisation took away', () => {
  test.each(['withdraw:done', 'swap:done', 'mint:done'])(
    'after %s is put back, and the plan ends whole',
    async (at) => {
      const tokenId = await wallet.managed(100, 150);
      const plan = await planToMove(world, tokenId);
      const before = await balances(world);
      const { nonce } = await stateOf(world, tokenId);
      let taken = false;
      const tools = wallet.toolsFor({
        onBoundary: async (place) => {
          if (place !== at || taken) return;
          taken = true;
          await reorg(1);
        },
      });
      const trade = await wallet.carried(plan, tools);
      expect(taken).toBe(true);
      expect(trade.outcome, trade.reason).toBe('confirmed');
      const live = await stateOf(world, trade.tokenIdAfter!);
      expect(live.position?.liquidity).toBe(trade.liquidityAfter);
      expect(live.nonce - nonce).toBe(trade.transactions.length);
      for (const { hash, block } of trade.transactions) {
        expect((await world.client.getTransactionReceipt({ hash: hash as `0x${string}` })).blockNumber).toBe(
          BigInt(block!),
        );
      }
      const after = await balances(world);
      expect(after.map((amount, index) => amount - before[index]!)).toEqual([
        trade.leftover!.amount0,
        trade.leftover!.amount1,
      ]);
    },
  );

  test('and that now fails, says so: no tokens rest in the wallet, the old position is as it was', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const { liquidity } = (await stateOf(world, tokenId)).position!;
    let taken = false;
    const tools = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place !== 'withdraw:done' || taken) return;
        taken = true;
        await reorg(1);
        // The deadline that was signed is over in the chain's own time.
        await world.client.increaseTime({ seconds: 1_000 });
        await world.client.mine({ blocks: 1 });
      },
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade).toMatchObject({ outcome: 'reverted', tokenIdAfter: tokenId, withdrawn: null, leftover: null });
    expect(trade.reason).toContain('withdraw reverted on chain');
    expect(trade.reason).toContain(`position ${tokenId} is as it was`);
    expect((await stateOf(world, tokenId)).position?.liquidity).toBe(liquidity);
    expect(trade.gasUsdE6).toBeGreaterThan(0);
  });
});

test('a node that lags in the middle of a plan is waited for: nothing was lost, nothing is sent again', async () => {
  const tokenId = await wallet.managed(100, 150);
  const plan = await planToMove(world, tokenId);
  const proxy = await startRpcProxy({ upstreamUrl: world.chain.rpcUrl });
  try {
    const client = openWalletClient({ name: 'local', settings: { ...world.settings, rpcUrl: proxy.url } });
    const sent = () => proxy.asked.filter((method) => method === 'eth_sendRawTransaction').length;
    let looks = 0;
    const tools = wallet.toolsFor({
      client,
      onBoundary: (place) => {
        if (place !== 'withdraw:done') return;
        const lag = lagBehind(1);
        const end = proxy.misbehave((call, ask) => {
          if (call.method === 'eth_getTransactionCount' && ++looks === 4) end();
          return looks < 4 ? lag(call, ask) : null;
        });
      },
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(looks).toBe(4);
    expect(sent()).toBe(trade.transactions.length);
  } finally {
    await proxy.stop();
  }
});

describe('a wallet that is used elsewhere in the middle of a plan', () => {
  const abandoned = { by: 'ann', reason: 'the key was used by hand', at: '2026-01-05T00:00:00.000Z' };

  test('is blocked until an operator gives the plan up; then it closes as the chain shows it, and the wallet is free', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const foreign = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place === 'withdraw:done') await useElsewhere();
      },
    });
    await expect(wallet.carried(plan, foreign)).rejects.toMatchObject({ name: 'ForeignNonce' });
    await expect(wallet.carried(plan)).rejects.toMatchObject({ name: 'ForeignNonce' });
    await requestAbandon(redis, plan.planId, abandoned);
    const trade = await wallet.carried(plan);
    expect(trade).toMatchObject({ outcome: 'reverted', tokenIdAfter: null, minted: null });
    expect(trade.reason).toContain('abandoned by ann (the key was used by hand); the tokens rest in the wallet');
    expect(trade.transactions.map(({ step }) => step)).toEqual(['withdraw']);
    expect(wallet.settled).toEqual([`commit ${plan.reservationId} ${trade.gasUsdE6}`]);
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId, idle: trade.leftover });
    expect(await readAbandonAnswer(redis, plan.planId)).toEqual({ closed: true, text: trade.reason });
    expect(await wallet.toolsFor().records.openPlan()).toBeNull();
    // The same again changes nothing, and the next plan begins.
    expect(await wallet.carried(plan)).toEqual(trade);
    const next = await wallet.carried(await planToMove(world, tokenId));
    expect(next.reason).not.toContain('taken');
  });

  test('keeps its plan while a signed step can still be mined', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const dying = wallet.toolsFor({
      onBoundary: (place) => {
        if (place === 'withdraw:stored') throw new Error('ended');
      },
    });
    await expect(wallet.carried(plan, dying)).rejects.toThrow('ended');
    await requestAbandon(redis, plan.planId, abandoned);
    // The answer stands, and the plan goes on: nobody could have said what it did.
    const trade = await wallet.carried(plan);
    expect(trade.outcome).toBe('confirmed');
    expect(await readAbandonAnswer(redis, plan.planId)).toMatchObject({
      closed: false,
      text: expect.stringContaining('step withdraw is signed with nonce'),
    });
  });

  test('whose signed step can never be mined any more gives the plan up as one that did nothing', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const dying = wallet.toolsFor({
      onBoundary: (place) => {
        if (place === 'withdraw:stored') throw new Error('ended');
      },
    });
    await expect(wallet.carried(plan, dying)).rejects.toThrow('ended');
    await useElsewhere();
    await requestAbandon(redis, plan.planId, abandoned);
    const trade = await wallet.carried(plan);
    expect(trade).toMatchObject({ outcome: 'refused', transactions: [], tokenIdAfter: tokenId, gasUsdE6: 0 });
    expect(trade.reason).toContain(`position ${tokenId} is as it was`);
    expect(wallet.settled).toEqual([`release ${plan.reservationId}`]);
  });
});

describe('a registry that names another NFT', () => {
  test('before the plan begins refuses it', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const moved = { planId: 'ab'.repeat(32), from: tokenId, to: 999n, left: { amount0: 0n, amount1: 0n } };
    expect(await settlePosition(redis, ref, moved)).toBe(true);
    const trade = await wallet.carried(plan);
    expect(trade).toMatchObject({ outcome: 'refused', transactions: [] });
    expect(trade.reason).toContain('position-live is NFT 999');
  });

  test('after it is told to alerts, and the trade says what is on the chain', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const tools = wallet.toolsFor({
      onBoundary: async (place) => {
        if (place !== 'mint:done') return;
        const moved = { planId: 'ab'.repeat(32), from: tokenId, to: 999n, left: { amount0: 0n, amount1: 0n } };
        await settlePosition(redis, ref, moved);
      },
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome).toBe('confirmed');
    expect((await stateOf(world, trade.tokenIdAfter!)).position?.owner).toBe(world.wallet);
    expect(wallet.reported).toEqual(['registry-names-another-nft']);
    expect((await readPosition(redis, ref))?.tokenId).toBe(999n);
  });
});

test('a plan that is too late and was never begun is refused while the node is away, and its budget is free', async () => {
  const tokenId = await wallet.managed(100, 150);
  const plan = await planToMove(world, tokenId);
  await world.chain.stop();
  const later = Date.parse(plan.validUntil) + 1;
  const trade = await wallet.carried(plan, wallet.toolsFor({ now: () => later }));
  expect(trade).toMatchObject({ outcome: 'refused', transactions: [], gasUsdE6: 0 });
  expect(trade.reason).toContain('valid-until');
  expect(wallet.settled).toEqual([`release ${plan.reservationId}`]);
});
