import { openWalletClient } from '@rangeward/adapter-evm/wallet-client';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import type { Plan, TradeExecuted } from '@rangeward/contracts';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { nearestOnGrid } from '@rangeward/uniswap-v3/tick-grid';
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
import { withoutSimulation } from '../test/node-without-simulation.ts';
import { carryOut } from './carry-out.ts';
import { rehearse } from './rehearse.ts';

let server: RedisServer;
let redis: Redis;
let world: LocalWorld;
let wallet: LiveWallet;
let settled: string[];

beforeAll(async () => {
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url });
});
beforeEach(async () => {
  await redis.flushall();
  world = await openWorld();
  wallet = openLiveWallet(redis, world);
  settled = wallet.settled;
});
afterEach(() => world.chain.stop());
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await server?.stop();
});

const toolsFor: LiveWallet['toolsFor'] = (change) => wallet.toolsFor(change);
const carried: LiveWallet['carried'] = (plan, tools) => wallet.carried(plan, tools);
const managed: LiveWallet['managed'] = (halfWidth, ticks) => wallet.managed(halfWidth, ticks);

/** wallet before + what came out = wallet after, to the wei, by the tokens' own books. */
function expectConserved(trade: TradeExecuted, before: readonly bigint[], after: readonly bigint[]): void {
  expect(after[0]! - before[0]!).toBe(trade.leftover!.amount0);
  expect(after[1]! - before[1]!).toBe(trade.leftover!.amount1);
}

describe('live', () => {
  test.each([
    { side: 'above', ticks: 150 },
    { side: 'below', ticks: -150 },
  ])('a position that the price left $side is moved around it, to the wei', async ({ ticks }) => {
    const tokenId = await managed(100, ticks);
    const plan = await planToMove(world, tokenId);
    const before = await balances(world);
    const startedMs = performance.now();
    const trade = await carried(plan);
    const tookMs = performance.now() - startedMs;
    expect(trade.outcome, trade.reason).toBe('confirmed');
    expectConserved(trade, before, await balances(world));
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
    const live = await stateOf(world, trade.tokenIdAfter!);
    expect(live.position).toMatchObject({ ...plan.target, liquidity: trade.liquidityAfter, owner: world.wallet });
    expect((await stateOf(world, tokenId)).position?.liquidity).toBe(0n);
    expect(await readPosition(redis, ref)).toMatchObject({
      lineage: [tokenId, trade.tokenIdAfter],
      idle: trade.leftover,
    });
    expect(settled).toEqual([`commit ${plan.reservationId} ${trade.gasUsdE6}`]);
    expect(trade.swap?.zeroForOne).toBe(ticks < 0);
    expect(trade.valueAfterUsdE6!).toBeGreaterThan(trade.valueBeforeUsdE6 * 0.998);
    if (process.env.SHOW_FIGURES) {
      const gas = trade.transactions.map((tx) => `${tx.step} ${tx.gasUsed}`).join(', ');
      process.stdout.write(
        `took ${tookMs.toFixed(0)} ms; gas ${gas}; left ${JSON.stringify(trade.leftover, (_, v) => String(v))} value ${trade.valueBeforeUsdE6} -> ${trade.valueAfterUsdE6}, swap cost ${trade.swapCostUsdE6}\n`,
      );
    }
  });

  test('a price that moves 5 ticks in every block leaves little of a narrow range idle', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId, (made) => {
      const centre = nearestOnGrid(made.market.pool.tick, 10);
      return { ...made, target: { tickLower: centre - 80, tickUpper: centre + 80 } };
    });
    const moving = toolsFor({
      onBoundary: async (place) => {
        if (place.endsWith(':done')) await movePrice(world, (await stateOf(world, tokenId)).tick + 5);
      },
    });
    const trade = await carried(plan, moving);
    expect(trade.outcome, trade.reason).toBe('confirmed');
    const { sqrtPriceX96 } = (await stateOf(world, trade.tokenIdAfter!)).pool;
    const idle = Number(valueUsdE6({ ...trade.leftover!, sqrtPriceX96, stable: 0 })) / trade.valueAfterUsdE6!;
    if (process.env.SHOW_FIGURES) process.stdout.write(`${(idle * 100).toFixed(1)} % idle\n`);
    expect(idle).toBeLessThan(0.06);
  });

  test('the same plan five times moves the position once', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const first = await carried(plan);
    const { nonce } = await stateOf(world, tokenId);
    for (let again = 0; again < 4; again++) expect(await carried(plan)).toEqual(first);
    expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
  });

  test('whatever the boundary at which it ends, the next executor goes on and moves the position once', async () => {
    const tokenId = await managed(100, 150);
    const snapshot = await world.client.snapshot();
    const places: string[] = [];
    const whole = await planToMove(world, tokenId);
    await carried(whole, toolsFor({ onBoundary: (place) => void places.push(place) }));
    expect(places.length).toBeGreaterThan(30);
    let back = snapshot;
    for (const place of places) {
      await world.client.revert({ id: back });
      back = await world.client.snapshot();
      await redis.flushall();
      await adoptPosition(redis, ref, { tokenId, entry: null });
      const plan = await planToMove(world, tokenId);
      const before = await stateOf(world, tokenId);
      const held = await balances(world);
      const dying = toolsFor({
        onBoundary: (here) => {
          if (here === place) throw new Error(`ended at ${here}`);
        },
      });
      await expect(carried(plan, dying)).rejects.toThrow(`ended at ${place}`);
      const trade = await carried(plan);
      expect(trade.outcome, `${place}: ${trade.reason}`).toBe('confirmed');
      const after = await stateOf(world, trade.tokenIdAfter!);
      expect(after.nonce - before.nonce, place).toBe(trade.transactions.length);
      expect(after.position?.liquidity).toBe(trade.liquidityAfter);
      expectConserved(trade, held, await balances(world));
      expect(await readPosition(redis, ref)).toMatchObject({
        lineage: [tokenId, trade.tokenIdAfter],
        idle: trade.leftover,
      });
    }
  }, 180_000);

  test('an executor that lost its lease writes nothing more; the next one finishes', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId);
    let other: Promise<TradeExecuted> | undefined;
    const frozen = toolsFor({
      onBoundary: async (place) => {
        if (place !== 'swap:sent') return;
        other = carried(plan);
        await other;
      },
    });
    await expect(carried(plan, frozen)).rejects.toMatchObject({ name: 'PlanRecordRefused', code: 'fenced' });
    const trade = await other!;
    expect(trade.outcome).toBe('confirmed');
    expect(trade.transactions.filter((tx) => tx.step === 'swap')).toHaveLength(1);
    expect(settled).toHaveLength(1);
  });

  test('a second plan of the wallet waits for the first', async () => {
    const tokenId = await managed(100, 150);
    const first = await planToMove(world, tokenId);
    const dying = toolsFor({
      onBoundary: (place) => {
        if (place === 'withdraw:done') throw new Error('ended');
      },
    });
    await expect(carried(first, dying)).rejects.toThrow('ended');
    const second = await planToMove(world, tokenId, (plan) => ({ ...plan, reservationId: 'second' }));
    expect(await carryOut(toolsFor(), second, await wallet.lease())).toEqual({ kind: 'taken', planId: first.planId });
  });

  test('fees are collected and nothing else is touched', async () => {
    const tokenId = await managed(2_000, 150);
    const before = await balances(world);
    const trade = await carried(
      await planToMove(world, tokenId, (plan) => ({ ...plan, kind: 'collect', target: null })),
    );
    expect(trade).toMatchObject({ outcome: 'confirmed', tokenIdAfter: tokenId, minted: null, swap: null });
    expect(trade.fees!.amount1).toBeGreaterThan(0n);
    expect(trade.withdrawn).toEqual({ amount0: 0n, amount1: 0n });
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId, lineage: [tokenId], idle: trade.fees });
    expectConserved(trade, before, await balances(world));
    expect((await stateOf(world, tokenId)).position?.liquidity).toBe(trade.liquidityAfter);
  });
});

describe('refused, with nothing sent', () => {
  const refusals: Record<string, (plan: Omit<Plan, 'planId'>) => Omit<Plan, 'planId'>> = {
    'valid-until': (plan) => ({ ...plan, validUntil: new Date(Date.now() - 1).toISOString() }),
    'position-liquidity': (plan) => ({
      ...plan,
      position: { ...plan.position, liquidity: plan.position.liquidity + 1n },
    }),
    'tick-deviation': (plan) => ({
      ...plan,
      market: { ...plan.market, pool: { ...plan.market.pool, tick: plan.market.pool.tick - 61 } },
    }),
    mode: (plan) => ({ ...plan, run: { ...plan.run, mode: 'paper' } }),
    'gas-cost': (plan) => ({ ...plan, limits: { ...plan.limits, maxGasUsdE6: 1 } }),
    // The plan's price is so far from the chain's that the least amounts cannot be had.
    'preflight-withdraw': (plan) => ({
      ...plan,
      market: { ...plan.market, pool: { ...plan.market.pool, sqrtPriceX96: plan.market.pool.sqrtPriceX96 / 2n } },
    }),
  };

  test('each for its reason, and the same answer the second time', async () => {
    const tokenId = await managed(100, 150);
    const { nonce } = await stateOf(world, tokenId);
    for (const [name, change] of Object.entries(refusals)) {
      const plan = await planToMove(world, tokenId, change);
      const trade = await carried(plan);
      expect(trade, name).toMatchObject({ outcome: 'refused', transactions: [], tokenIdAfter: tokenId, gasUsdE6: 0 });
      expect(trade.checks.filter((check) => !check.passed).map((check) => check.name)).toContain(name);
      expect(await carried(plan)).toEqual(trade);
      expect(settled.splice(0)).toEqual([`release ${plan.reservationId}`]);
    }
    expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
  });
});

describe('stopped half way', () => {
  test('a price that ran away after the withdrawal leaves the tokens in the wallet and says so', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId, (made) => ({
      ...made,
      run: { ...made.run, deadline: new Date(Date.now() + 1_500).toISOString() },
    }));
    const { tick } = await stateOf(world, tokenId);
    const before = await balances(world);
    const tools = toolsFor({
      onBoundary: async (place) => {
        if (place === 'withdraw:done') await movePrice(world, tick + 300);
      },
    });
    const trade = await carried(plan, tools);
    expect(trade).toMatchObject({ outcome: 'reverted', tokenIdAfter: null, minted: null, swap: null });
    expect(trade.reason).toContain('the tokens rest in the wallet');
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
    expectConserved(trade, before, await balances(world));
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId, idle: trade.leftover, restingPlan: plan.planId });
    expect(wallet.reported).toEqual(['tokens-rest-in-wallet']);
    expect(settled).toEqual([`commit ${plan.reservationId} ${trade.gasUsdE6}`]);
  });

  test('a swap that reverts on chain is recorded with its gas', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId);
    const { tick } = await stateOf(world, tokenId);
    const tools = toolsFor({
      onBoundary: async (place) => {
        // Signed while the price was right, mined when it is not.
        if (place === 'swap:stored') await movePrice(world, tick + 300);
      },
    });
    const trade = await carried(plan, tools);
    expect(trade).toMatchObject({ outcome: 'reverted', tokenIdAfter: null });
    const swap = trade.transactions.find(({ step }) => step === 'swap');
    expect(swap).toMatchObject({ status: 'reverted' });
    expect(swap!.gasUsed).toBeGreaterThan(21_000n);
    expect(trade.reason).toContain('swap reverted on chain');
    expect(trade.transactions.slice(-3).map(({ step }) => step)).toEqual([
      'reset-router',
      'reset-manager-token0',
      'reset-manager-token1',
    ]);
    expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
  });
});

test('a stopped plan whose executor ends while approvals go back is finished by the next one', async () => {
  const tokenId = await managed(100, 150);
  const plan = await planToMove(world, tokenId);
  const { tick } = await stateOf(world, tokenId);
  const dying = toolsFor({
    onBoundary: async (place) => {
      if (place === 'swap:stored') await movePrice(world, tick + 300);
      if (place === 'reset-router:sent') throw new Error('ended');
    },
  });
  await expect(carried(plan, dying)).rejects.toThrow('ended');
  // The price is back where a swap would succeed: the plan is over all the same.
  await movePrice(world, tick);
  const trade = await carried(plan);
  expect(trade).toMatchObject({ outcome: 'reverted', minted: null, swap: null });
  expect(trade.transactions.filter(({ step }) => step === 'reset-router')).toHaveLength(1);
  expect(await allowances(world)).toEqual([0n, 0n, 0n, 0n]);
});

describe('paper', () => {
  test('what is simulated is what live then does', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId, (made) => ({ ...made, run: { ...made.run, mode: 'paper' } }));
    const { nonce } = await stateOf(world, tokenId);
    const paper = await rehearse(toolsFor({ mode: 'paper', signer: null }), plan);
    expect(paper.outcome, paper.reason).toBe('simulated');
    expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
    expect(settled).toEqual([`commit ${plan.reservationId} ${paper.gasUsdE6}`]);
    const live = await carried(await planToMove(world, tokenId));
    expect(live.outcome, live.reason).toBe('confirmed');
    expect(paper.withdrawn).toEqual(live.withdrawn);
    expect(paper.swap).toEqual(live.swap);
    expect(paper.minted).toEqual(live.minted);
    expect(paper.leftover).toEqual(live.leftover);
    expect(paper.liquidityAfter).toBe(live.liquidityAfter);
    expect(paper.transactions.map((tx) => tx.step)).toEqual(live.transactions.map((tx) => tx.step));
    expect(Number(paper.gasUsed)).toBeGreaterThan(Number(live.gasUsed) * 0.9);
    expect(Number(paper.gasUsed)).toBeLessThan(Number(live.gasUsed) * 1.1);
  });

  test('a node that cannot simulate in a row still gives the amounts, and the reason says how', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId, (made) => ({ ...made, run: { ...made.run, mode: 'paper' } }));
    const old = await withoutSimulation(world.chain.rpcUrl);
    try {
      const client = openWalletClient({ name: 'local', settings: { ...world.settings, rpcUrl: old.url } });
      const apart = await rehearse(toolsFor({ mode: 'paper', signer: null, client }), plan);
      const inRow = await rehearse(toolsFor({ mode: 'paper', signer: null }), plan);
      expect(apart.outcome, apart.reason).toBe('simulated');
      expect(apart.reason).toContain('cannot simulate in a row');
      for (const part of ['withdrawn', 'fees', 'swap', 'minted', 'leftover', 'liquidityAfter'] as const) {
        expect(apart[part], part).toEqual(inRow[part]);
      }
    } finally {
      old.close();
    }
  });

  test('a plan that could not be carried out is refused on paper too', async () => {
    const tokenId = await managed(100, 150);
    const plan = await planToMove(world, tokenId, (made) => ({
      ...refusedPaper(made),
      run: { ...made.run, mode: 'paper' },
    }));
    const trade = await rehearse(toolsFor({ mode: 'paper', signer: null }), plan);
    expect(trade).toMatchObject({ outcome: 'refused', transactions: [] });
    expect(trade.reason).toContain('withdraw would fail');
  });
});

function refusedPaper(plan: Omit<Plan, 'planId'>): Omit<Plan, 'planId'> {
  const { pool: of } = plan.market;
  return { ...plan, market: { ...plan.market, pool: { ...of, sqrtPriceX96: of.sqrtPriceX96 / 2n } } };
}
