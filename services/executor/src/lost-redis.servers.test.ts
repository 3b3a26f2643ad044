import { positionManagerAbi } from '@rangeward/adapter-evm/abis';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { readBudget } from '@rangeward/adapter-redis/budgets';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import { type Plan, rebalancePlanned } from '@rangeward/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  allowances,
  movePrice,
  planToMove,
  pool,
  positionLeftBehind,
  revokeAll,
  stateOf,
} from '../test/local-world.ts';
import { openRunning, type Running } from '../test/running-executor.ts';
import { capsScope } from './wallet-caps.ts';

const ref = { chain: 'local', pool, id: 'main' };
const day = { budget: 'gas-usd-e6', scope: 'live', windowMs: 86_400_000 };

let running: Running;

beforeEach(async () => {
  running = await openRunning();
});
afterEach(() => running.close());

async function nftCount(): Promise<bigint> {
  const { client, wallet } = running.world;
  const address = knownChains.local.positionManager;
  return client.readContract({ address, abi: positionManagerAbi, functionName: 'balanceOf', args: [wallet] });
}

/** Lets the price go and asks for the position to follow it. */
async function planned(tokenId: bigint, round: number): Promise<Plan> {
  const { tick } = await stateOf(running.world, tokenId);
  await movePrice(running.world, tick + (round % 2 === 0 ? 150 : -150));
  return running.reserved(await planToMove(running.world, tokenId));
}

async function publish(plan: Plan): Promise<void> {
  await running.bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
}

/** At least once at each boundary; as often as asked. */
const REDIS_FLUSHES = Number(process.env.REDIS_FLUSHES ?? 0);

test('Redis loses everything at each boundary of each step: one mint a plan, one trade, and registry and budget whole again', async () => {
  const { world, redis } = running;
  let flushAt: string[] = [];
  let flushed = 0;
  const places: string[] = [];
  await running.startExecutor(async (place) => {
    places.push(place);
    if (place !== flushAt[0]) return;
    flushAt.shift();
    flushed += 1;
    await redis.flushall();
  });
  let live = await positionLeftBehind(world, 100, 150);
  await revokeAll(world);
  const entry = { amount0: 5n, amount1: 7n };
  await adoptPosition(redis, ref, { tokenId: live, entry });
  const lineage = [live];
  let gasUsdE6 = 0;

  async function moveOnce(at: readonly string[], round: number): Promise<void> {
    const place = at.join(', then ');
    const plan = await planned(live, round);
    const before = { nonce: (await stateOf(world, live)).nonce, nfts: await nftCount() };
    flushAt = [...at];
    await publish(plan);
    const trade = await running.tradeOf(plan);
    expect(trade.outcome, `${place}: ${trade.reason}`).toBe('confirmed');
    // The flush behind the last effect comes after the trade was heard.
    await expect.poll(() => flushAt, { timeout: 20_000 }).toEqual([]);
    live = trade.tokenIdAfter!;
    lineage.push(live);
    gasUsdE6 += trade.gasUsdE6;
    await expect
      .poll(() => readPosition(redis, ref), { timeout: 30_000, message: `registry after ${place}` })
      .toMatchObject({ tokenId: live, lineage });
    const nowMs = Date.now();
    await expect
      .poll(() => readBudget(redis, { ...day, nowMs }), { timeout: 30_000, message: `budget after ${place}` })
      .toEqual({ used: gasUsdE6, reserved: 0 });
    const own = await readBudget(redis, { ...day, scope: capsScope({ chainId: 31337, wallet: world.wallet }), nowMs });
    expect(own, `the wallet’s own limit after ${place}`).toEqual({ used: gasUsdE6, reserved: 0 });
    expect((await nftCount()) - before.nfts, `NFTs at ${place}`).toBe(1n);
    expect((await stateOf(world, live)).nonce - before.nonce, place).toBe(trade.transactions.length);
    expect(await allowances(world), `allowances at ${place}`).toEqual([0n, 0n, 0n, 0n]);
    expect(running.trades.filter(({ planId }) => planId === plan.planId)).toHaveLength(1);
  }

  await moveOnce([], 0);
  const boundaries = [...new Set(places.slice(places.indexOf('received')))];
  expect(boundaries.length).toBeGreaterThan(25);
  // From here on a transaction waits for its block, and blocks come by themselves.
  await world.client.setAutomine(false);
  running.mineEvery(100);
  const rounds = Math.max(REDIS_FLUSHES, boundaries.length);
  for (let round = 1; round <= rounds; round++) {
    await moveOnce([boundaries[(round - 1) % boundaries.length]!], round);
  }
  expect(places.filter((place) => place === 'rebuilt').length).toBeGreaterThan(boundaries.length / 2);
  // Also while what was lost is being written down again.
  const adopting = ['quiet', 'rebuilt', 'adopted', 'reconciled'];
  for (const [round, place] of adopting.entries()) await moveOnce(['swap:stored', place], rounds + 1 + round);
  if (process.env.SHOW_FIGURES) process.stdout.write(`${flushed} flushes, ${lineage.length - 1} mints\n`);
  expect(await running.deadLetters()).toEqual([]);
}, 1_800_000);
