import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import { readStop, resumeTrading, stopTrading } from '@rangeward/adapter-redis/trading-control';
import type { Plan } from '@rangeward/contracts';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet, ref } from '../test/live-wallet.ts';
import { allowances, balances, type LocalWorld, openWorld, planToMove, stateOf } from '../test/local-world.ts';
import { type LossyNode, startLossyNode } from '../test/lossy-node.ts';
import { readRecord } from './plan-record.ts';
import type { WalletTools } from './wallet-tools.ts';

let server: RedisServer;
let redis: Redis;
let world: LocalWorld;
let wallet: LiveWallet;
let node: LossyNode;
/** How far the wall clock of the executor runs ahead. */
let aheadMs: number;

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(async () => {
  await redis.flushall();
  world = await openWorld();
  wallet = openLiveWallet(redis, world);
  node = await startLossyNode(world);
  aheadMs = 0;
});
afterEach(async () => {
  await node.proxy.stop();
  await world.chain.stop();
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

const mine = () => world.client.mine({ blocks: 1 });

/** An executor at the lossy node, quick to pay more. */
function toolsAt(onBoundary: (place: string) => void | Promise<void>): WalletTools {
  const { limits } = wallet.toolsFor();
  return wallet.toolsFor({
    client: node.client,
    limits: { ...limits, resendMs: 100, bumpAfterMs: 50 },
    now: () => Date.now() + aheadMs,
    onBoundary,
  });
}

async function attemptsOf(plan: Plan, step: string) {
  const stored = await wallet.toolsFor().records.read(plan.planId);
  return readRecord(stored!.body).steps.find(({ name }) => name === step)!.attempts;
}

const stepsOf = (trade: { transactions: readonly { step: string }[] }) => trade.transactions.map(({ step }) => step);

describe('a step that is not taken into a block', () => {
  test('is paid better, with the same nonce and calldata, until it is', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const { nonce } = await stateOf(world, tokenId);
    const tools = toolsAt(async (place) => {
      if (place === 'swap:stored') node.loses = () => true;
      if (place === 'swap:sent' || place === 'swap:bump-stored') await mine();
      // Each form is written down before it is offered; the third one comes through.
      if (place === 'swap:bump-stored' && (await attemptsOf(plan, 'swap')).length === 3) node.loses = () => false;
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    const attempts = await attemptsOf(plan, 'swap');
    expect(attempts).toHaveLength(3);
    const swap = trade.transactions.find(({ step }) => step === 'swap')!;
    expect(swap.hash).toBe(attempts[2]!.hash);
    const forms = attempts.map(({ raw }) => node.offered.find((offer) => offer.raw === raw)!.transaction);
    for (const [index, form] of forms.slice(1).entries()) {
      const { maxFeePerGasWei, maxPriorityFeePerGasWei, ...same } = forms[index]!;
      expect(form).toMatchObject(same);
      expect(form.maxFeePerGasWei * 100n).toBeGreaterThanOrEqual(maxFeePerGasWei * 115n);
      expect(form.maxPriorityFeePerGasWei * 100n).toBeGreaterThanOrEqual(maxPriorityFeePerGasWei * 115n);
    }
    expect((await stateOf(world, tokenId)).nonce - nonce).toBe(trade.transactions.length);
  });

  test('is paid at most so many times its first fees, and waits then', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    let bumps = 0;
    const tools = toolsAt(async (place) => {
      if (place === 'swap:stored') node.loses = () => true;
      if (place === 'swap:sent') await mine();
      if (place !== 'swap:bump-stored') return;
      bumps += 1;
      await mine();
    });
    const twice = { ...tools, limits: { ...tools.limits, mostFeeTimes: 2, receiptTimeoutMs: 3_000 } };
    await expect(wallet.carried(plan, twice)).rejects.toThrow(/timeout/i);
    // 1.15 to the fifth is over 2.
    expect(bumps).toBe(4);
    node.loses = () => false;
    expect((await wallet.carried(plan, tools)).outcome).toBe('confirmed');
  });

  test('and then is mined in its first form ends the plan whole', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const tools = toolsAt(async (place) => {
      if (place === 'swap:stored') node.loses = () => true;
      if (place === 'swap:sent') await mine();
      if (place !== 'swap:bump-stored') return;
      node.loses = () => false;
      const [first] = await attemptsOf(plan, 'swap');
      await world.client.sendRawTransaction({ serializedTransaction: first!.raw });
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    const attempts = await attemptsOf(plan, 'swap');
    expect(attempts).toHaveLength(2);
    expect(trade.transactions.find(({ step }) => step === 'swap')!.hash).toBe(attempts[0]!.hash);
  });

  test.each(['swap:bump-signed', 'swap:bump-stored'])(
    'and whose executor ends at %s is finished by the next',
    async (at) => {
      const tokenId = await wallet.managed(100, 150);
      const plan = await planToMove(world, tokenId);
      const { nonce } = await stateOf(world, tokenId);
      const dying = toolsAt(async (place) => {
        if (place === 'swap:stored') node.loses = () => true;
        if (place === 'swap:sent') await mine();
        if (place === at) throw new Error('ended');
      });
      await expect(wallet.carried(plan, dying)).rejects.toThrow('ended');
      node.loses = () => false;
      const trade = await wallet.carried(
        plan,
        toolsAt(() => {}),
      );
      expect(trade.outcome, trade.reason).toBe('confirmed');
      expect((await stateOf(world, tokenId)).nonce - nonce).toBe(trade.transactions.length);
      expect(wallet.settled).toHaveLength(1);
    },
  );
});

describe('a step that it is too late for', () => {
  const places: [string, string[], string][] = [
    ['withdraw', ['cancel'], 'is as it was'],
    [
      'approve-router',
      ['withdraw', 'approve-manager-token0', 'approve-manager-token1', 'cancel'],
      'rest in the wallet',
    ],
    [
      'mint',
      ['withdraw', 'approve-manager-token0', 'approve-manager-token1', 'approve-router', 'swap', 'cancel'],
      'rest in',
    ],
  ];

  test.each(places)('is cancelled: %s, and the plan closes as the chain shows it', async (step, mined, resting) => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const before = { ...(await stateOf(world, tokenId)), held: await balances(world) };
    const tools = toolsAt((place) => {
      if (place === `${step}:stored`) node.loses = ({ to }) => to !== world.wallet;
      if (place === `${step}:sent`) aheadMs = 600_000;
      if (place === `${step}:done`) node.loses = () => false;
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade).toMatchObject({ outcome: 'reverted', minted: null });
    expect(trade.reason).toContain(`${step} was cancelled before it was mined`);
    expect(trade.reason).toContain(resting);
    expect(stepsOf(trade).slice(0, mined.length)).toEqual(mined);
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
    const after = await stateOf(world, tokenId);
    expect(after.nonce - before.nonce).toBe(trade.transactions.length);
    expect(after.position?.liquidity).toBe(step === 'withdraw' ? before.position?.liquidity : 0n);
    const held = await balances(world);
    const left = [trade.leftover?.amount0 ?? 0n, trade.leftover?.amount1 ?? 0n];
    expect(held.map((amount, index) => amount - before.held[index]!)).toEqual(left);
    expect(wallet.settled).toEqual([`commit ${plan.reservationId} ${trade.gasUsdE6}`]);
    if (step !== 'withdraw') expect((await readPosition(redis, ref))?.restingPlan).toBe(plan.planId);
  });

  test('and that is mined before its cancellation counts as done', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const tools = toolsAt(async (place) => {
      if (place === 'swap:stored') node.loses = () => true;
      if (place === 'swap:sent') aheadMs = 600_000;
      if (place !== 'swap:cancel-stored') return;
      aheadMs = 0;
      node.loses = () => false;
      const [swap] = await attemptsOf(plan, 'swap');
      await world.client.sendRawTransaction({ serializedTransaction: swap!.raw });
    });
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(stepsOf(trade)).not.toContain('cancel');
    expect((await attemptsOf(plan, 'swap'))[1]).toMatchObject({ cancels: true });
  });

  test('because the chain’s own clock is past its deadline is cancelled too', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const tools = toolsAt(async (place) => {
      if (place === 'withdraw:stored') node.loses = ({ to }) => to !== world.wallet;
      if (place !== 'withdraw:sent') return;
      await world.client.increaseTime({ seconds: 1_000 });
      await mine();
    });
    const trade = await wallet.carried(plan, tools);
    expect(stepsOf(trade)).toEqual(['cancel']);
  });

  test.each(['swap:cancel-signed', 'swap:cancel-stored', 'swap:mined', 'swap:done', 'reset-router:stored'])(
    'and whose executor ends at %s is cancelled once, and the next one closes the plan',
    async (at) => {
      const tokenId = await wallet.managed(100, 150);
      const plan = await planToMove(world, tokenId);
      const { nonce } = await stateOf(world, tokenId);
      const dying = toolsAt((place) => {
        if (place === 'swap:stored') node.loses = ({ to }) => to !== world.wallet;
        if (place === 'swap:sent') aheadMs = 600_000;
        if (place === at) throw new Error('ended');
      });
      await expect(wallet.carried(plan, dying)).rejects.toThrow('ended');
      node.loses = () => false;
      const trade = await wallet.carried(
        plan,
        toolsAt(() => {}),
      );
      expect(stepsOf(trade).filter((step) => step === 'cancel' || step === 'swap')).toEqual(['cancel']);
      expect((await stateOf(world, tokenId)).nonce - nonce).toBe(trade.transactions.length);
      expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
      expect(wallet.settled).toHaveLength(1);
    },
  );

  test('after a long absence is never sent at all', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const dying = toolsAt((place) => {
      if (place === 'withdraw:stored') throw new Error('ended');
    });
    await expect(wallet.carried(plan, dying)).rejects.toThrow('ended');
    aheadMs = 600_000;
    const trade = await wallet.carried(
      plan,
      toolsAt(() => {}),
    );
    expect(stepsOf(trade)).toEqual(['cancel']);
    expect(node.offered.map(({ transaction }) => transaction.to)).toEqual([world.wallet]);
  });
});

test('a base fee beyond what the plan may pay is waited for, and ends in a cancellation when the time is over', async () => {
  const tokenId = await wallet.managed(100, 150);
  const plan = await planToMove(world, tokenId);
  const tools = toolsAt(async (place) => {
    if (place !== 'withdraw:stored') return;
    await world.client.setNextBlockBaseFeePerGas({ baseFeePerGas: 300n * 10n ** 9n });
    await mine();
  });
  const impatient = { ...tools, limits: { ...tools.limits, receiptTimeoutMs: 1_000 } };
  await expect(wallet.carried(plan, impatient)).rejects.toThrow(/timeout/i);
  expect(await attemptsOf(plan, 'withdraw')).toHaveLength(1);
  aheadMs = 600_000;
  const trade = await wallet.carried(
    plan,
    toolsAt(() => {}),
  );
  expect(stepsOf(trade)).toEqual(['cancel']);
  expect(trade.gasUsdE6).toBeLessThanOrEqual(plan.limits.maxGasUsdE6);
});

test('a kill of trading cancels what is pending and signs nothing else until a person resumes', async () => {
  const tokenId = await wallet.managed(100, 150);
  const plan = await planToMove(world, tokenId);
  const killed = { state: 'killed', by: 'ann', reason: 'to look', through: 'command', at: plan.issuedAt } as const;
  const tools = toolsAt(async (place) => {
    if (place === 'swap:stored') node.loses = ({ to }) => to !== world.wallet;
    if (place === 'swap:sent') await stopTrading(redis, killed);
    if (place !== 'swap:done') return;
    node.loses = () => false;
    throw new Error('ended');
  });
  await expect(wallet.carried(plan, tools)).rejects.toThrow('ended');
  const offered = node.offered.length;
  expect(node.offered.at(-1)?.transaction).toMatchObject({ to: world.wallet, data: '0x' });
  const seen = (await readStop(redis))!;
  await resumeTrading(redis, seen, { by: 'ann', reason: 'looked', at: plan.issuedAt });
  const trade = await wallet.carried(
    plan,
    toolsAt(() => {}),
  );
  expect(trade.reason).toContain('swap was cancelled');
  expect(node.offered.length).toBeGreaterThan(offered);
  expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
});
