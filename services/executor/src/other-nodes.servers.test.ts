import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { faultFor, lagBehind, type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LiveWallet, openLiveWallet } from '../test/live-wallet.ts';
import { type LocalWorld, openWorld, planToMove, stateOf } from '../test/local-world.ts';
import { type LossyNode, startLossyNode } from '../test/lossy-node.ts';
import type { WalletTools } from './wallet-tools.ts';

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

describe('a second provider', () => {
  let other: RpcProxy;
  let second: WalletTools['second'];

  beforeEach(async () => {
    other = await startRpcProxy({ upstreamUrl: world.chain.rpcUrl });
    second = openWalletClient({ name: 'local', settings: { ...world.settings, rpcUrl: other.url } });
  });
  afterEach(() => other.stop());

  const hurried = (disagreeAfterMs: number) => {
    const { limits } = wallet.toolsFor();
    return { second, limits: { ...limits, disagreeAfterMs, receiptTimeoutMs: 800 } };
  };

  test('that shows the same is asked for every step and nothing is sent to it', async () => {
    const tokenId = await wallet.managed(100, 150);
    const trade = await wallet.carried(await planToMove(world, tokenId), wallet.toolsFor({ second }));
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(other.asked.filter((method) => method === 'eth_getTransactionReceipt').length).toBeGreaterThanOrEqual(
      trade.transactions.length,
    );
    expect(other.asked).not.toContain('eth_sendRawTransaction');
  });

  test('that lags is waited for', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const end = other.misbehave(lagBehind(1));
    const caughtUp: string[] = [];
    const tools = wallet.toolsFor({
      second,
      onBoundary: async (place) => {
        if (place === 'withdraw:sent') setTimeout(end, 400);
        if (place === 'withdraw:done') caughtUp.push(place);
      },
    });
    const startedMs = performance.now();
    const trade = await wallet.carried(plan, tools);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(performance.now() - startedMs).toBeGreaterThan(400);
    expect(caughtUp).toHaveLength(1);
    expect(wallet.reported).toEqual([]);
  });

  const anotherBlock = { kind: 'rewrite', rewrite: blockChanged } as const;
  const nonceBefore = { kind: 'answer', answer: { result: '0x0' } } as const;
  test.each([
    ['another block', faultFor(['eth_getTransactionReceipt'], anotherBlock), 'has it in block'],
    [
      'another outcome',
      faultFor(['eth_getTransactionReceipt'], { kind: 'rewrite', rewrite: statusChanged }),
      'reverted',
    ],
    ['an unused nonce', faultFor(['eth_getTransactionCount'], nonceBefore), 'at nonce 0'],
    ['nothing at all', faultFor(['eth_getTransactionReceipt'], { kind: 'unavailable' }), 'does not answer'],
  ])('that shows %s keeps the step from being done, and a person hears of it', async (_, fault, said) => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const end = other.misbehave(fault);
    const messages: string[] = [];
    const reportError: WalletTools['reportError'] = async ({ code, message }) => void messages.push(code, message);
    const done: string[] = [];
    const tools = wallet.toolsFor({ ...hurried(100), reportError, onBoundary: (place) => void done.push(place) });
    await expect(wallet.carried(plan, tools)).rejects.toThrow(/timeout/i);
    expect(done).not.toContain('withdraw:done');
    expect(messages).toEqual(['providers-disagree', expect.stringContaining(said)]);
    expect(messages.join()).not.toContain(other.url);
    // What was sent stands in the record; when both say the same the plan goes on from there.
    end();
    const trade = await wallet.carried(plan, wallet.toolsFor({ second }));
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(trade.transactions.filter(({ step }) => step === 'withdraw')).toHaveLength(1);
  });
});

describe('a private endpoint', () => {
  let node: LossyNode;
  let hidden: LossyNode;

  beforeEach(async () => {
    [node, hidden] = await Promise.all([startLossyNode(world), startLossyNode(world)]);
  });
  afterEach(() => Promise.all([node.proxy.stop(), hidden.proxy.stop()]));

  function toolsAt(whenVanished: 'again' | 'public', onBoundary: WalletTools['onBoundary'] = () => {}): WalletTools {
    const { limits } = wallet.toolsFor();
    return wallet.toolsFor({
      client: node.client,
      privately: { client: hidden.client, vanishBlocks: 3, whenVanished },
      limits: { ...limits, resendMs: 100 },
      onBoundary,
    });
  }

  test('gets every transaction, and the node is only read', async () => {
    const tokenId = await wallet.managed(100, 150);
    const trade = await wallet.carried(await planToMove(world, tokenId), toolsAt('again'));
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expect(hidden.offered).toHaveLength(trade.transactions.length);
    expect(node.offered).toEqual([]);
    expect(hidden.proxy.asked.every((method) => method === 'eth_sendRawTransaction')).toBe(true);
  });

  test.each(['again', 'public'] as const)(
    'that let a step go gets the same bytes (%s), and there is no gap',
    async (way) => {
      const tokenId = await wallet.managed(100, 150);
      const plan = await planToMove(world, tokenId);
      const { nonce } = await stateOf(world, tokenId);
      const tools = toolsAt(way, async (place) => {
        if (place === 'swap:stored') hidden.loses = ({ to }) => to === knownChains.local.swapRouter;
        if (place !== 'swap:sent') return;
        await world.client.mine({ blocks: 3 });
        if (way === 'again') hidden.loses = () => false;
      });
      const trade = await wallet.carried(plan, tools);
      expect(trade.outcome, trade.reason).toBe('confirmed');
      const swap = trade.transactions.find(({ step }) => step === 'swap')!;
      const raws = [...hidden.offered, ...node.offered].filter(({ transaction }) => transaction.nonce === swap.nonce);
      expect(raws.length).toBeGreaterThanOrEqual(2);
      expect(new Set(raws.map(({ raw }) => raw)).size).toBe(1);
      const open = node.offered.map(({ transaction }) => transaction.nonce);
      expect(open.includes(swap.nonce!)).toBe(way === 'public');
      expect((await stateOf(world, tokenId)).nonce - nonce).toBe(trade.transactions.length);
    },
  );

  test('that lets a step go until it is too late: the cancellation goes both ways', async () => {
    const tokenId = await wallet.managed(100, 150);
    const plan = await planToMove(world, tokenId);
    hidden.loses = () => true;
    let aheadMs = 0;
    const tools = toolsAt('again', (place) => {
      if (place === 'withdraw:sent') aheadMs = 600_000;
    });
    const trade = await wallet.carried(plan, { ...tools, now: () => Date.now() + aheadMs });
    expect(trade.transactions.map(({ step }) => step)).toEqual(['cancel']);
    expect(node.offered.map(({ transaction }) => transaction.to)).toEqual([world.wallet]);
    expect(hidden.offered.at(-1)!.transaction).toEqual(node.offered[0]!.transaction);
  });
});

type Answer = { readonly result?: unknown };

function blockChanged(answer: Answer): Answer {
  return receiptWith(answer, { blockHash: `0x${'ab'.repeat(32)}` });
}

function statusChanged(answer: Answer): Answer {
  return receiptWith(answer, { status: '0x0' });
}

function receiptWith({ result }: Answer, change: object): Answer {
  return { result: typeof result === 'object' && result !== null ? { ...result, ...change } : result };
}
