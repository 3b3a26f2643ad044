import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendAudit } from '@rangeward/adapter-nats/audit-trail';
import { requestAbandon } from '@rangeward/adapter-redis/abandon-requests';
import { createAdoptedRecords } from '@rangeward/adapter-redis/adopt-records';
import { listOpenPlans } from '@rangeward/adapter-redis/plan-records';
import { adoptPosition, readPosition } from '@rangeward/adapter-redis/position-registry';
import { readStop } from '@rangeward/adapter-redis/trading-control';
import { type AuditFact, type Plan, rebalancePlanned } from '@rangeward/contracts';
import { sendAndWait } from '@rangeward/localnet/local-client';
import { openAroundPrice } from '@rangeward/localnet/open-around-price';
import { encodeFunctionData, parseAbi } from 'viem';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { allowances, planToMove, pool, positionLeftBehind, revokeAll, stateOf, tokens } from '../test/local-world.ts';
import { openRunning, type Running } from '../test/running-executor.ts';
import type { Finding } from './reconcile.ts';

const transferAbi = parseAbi(['function transferFrom(address from, address to, uint256 tokenId)']);
const ref = { chain: 'local', pool, id: 'main' };

let running: Running;
let tokenId: bigint;

beforeEach(async () => {
  running = await openRunning();
  tokenId = await positionLeftBehind(running.world, 100, 150);
  await revokeAll(running.world);
  await adoptPosition(running.redis, ref, { tokenId, entry: null });
});
afterEach(() => running.close());

async function planned(): Promise<Plan> {
  const live = (await readPosition(running.redis, ref))?.tokenId ?? tokenId;
  const plan = await running.reserved(await planToMove(running.world, live));
  await running.bus.publish(rebalancePlanned, plan, { correlationId: plan.run.id });
  return plan;
}

/** An executor that ends at a boundary: whatever it does from then on fails. */
async function endsAt(place: string): Promise<void> {
  let dead = false;
  const reached = Promise.withResolvers<void>();
  const executor = await running.startExecutor((here) => {
    dead ||= here === place;
    if (!dead) return;
    reached.resolve();
    throw new Error(`ended at ${here}`);
  });
  await planned();
  await reached.promise;
  await executor.stop();
}

/** What the adoption found; there as soon as it is over. */
async function report(): Promise<string[]> {
  const records = createAdoptedRecords(running.redis, { chainId: 31337, wallet: running.world.wallet });
  return expect
    .poll(() => records.read(), { timeout: 30_000 })
    .not.toBeNull()
    .then(async () => ((await records.read()) as { findings: Finding[] }).findings.map(({ code }) => code));
}

const openPlans = () => listOpenPlans(running.redis);

test('with nothing in hand nothing is found, and Redis remembers that it was looked at', async () => {
  await running.startExecutor();
  expect(await report()).toEqual(['state-adopted']);
});

test('an open plan is carried on before anything else, with the Redis of before and with an empty one', async () => {
  await endsAt('mint:signed');
  expect(await openPlans()).toHaveLength(1);
  await running.startExecutor();
  await expect.poll(() => running.storedTrades(), { timeout: 30_000 }).toEqual([1]);
  const [trade] = running.trades;
  expect(trade?.outcome).toBe('confirmed');
  await expect.poll(() => readPosition(running.redis, ref)).toMatchObject({ tokenId: trade?.tokenIdAfter });
});

test('a leftover approval and an unknown NFT are told and not touched', async () => {
  const { world, told } = running;
  const { operator } = world.chain.accounts;
  const stranger = await openAroundPrice({
    rpcUrl: world.chain.rpcUrl,
    account: operator,
    halfWidthTicks: 500,
    amount0Desired: 1_000n * 10n ** 6n,
    amount1Desired: 10n ** 18n,
  });
  await revokeAll(world);
  const data = encodeApproval(world.chain.addresses.swapRouter, 5n);
  await sendAndWait(world.client, operator, { to: tokens[0], data });
  const before = await stateOf(world, stranger.tokenId);
  await running.startExecutor();
  expect((await report()).sort()).toEqual(['approval-stands', 'nft-unknown', 'state-adopted']);
  await expect.poll(() => told.sort()).toEqual(['approval-stands', 'nft-unknown']);
  expect(await stateOf(world, stranger.tokenId)).toMatchObject({ nonce: before.nonce, position: before.position });
  expect(await allowances(world)).toEqual([5n, 0n, 0n, 0n]);
});

test('an NFT that was given away halts the position, and no plan begins for it', async () => {
  const { world, told } = running;
  const to = world.chain.accounts.traders[0].address;
  const data = encodeFunctionData({
    abi: transferAbi,
    functionName: 'transferFrom',
    args: [world.wallet, to, tokenId],
  });
  await sendAndWait(world.client, world.chain.accounts.operator, { to: world.chain.addresses.positionManager, data });
  await running.startExecutor();
  expect(await report()).toEqual(['state-adopted', 'nft-not-owned']);
  await expect.poll(() => told).toEqual(['nft-not-owned']);
  const trade = await running.tradeOf(await planned());
  expect(trade).toMatchObject({ outcome: 'refused', transactions: [] });
});

test('a stop that Redis forgot stands again before anything is begun', async () => {
  const { redis, bus } = running;
  await running.startExecutor();
  await report();
  const at = new Date().toISOString();
  const fact: AuditFact = {
    source: 'operator',
    actor: 'ops',
    action: 'kill',
    outcome: 'done',
    reason: 'enough',
    detail: [],
    at,
  };
  await appendAudit(bus.broker, fact);
  await redis.flushall();
  await adoptPosition(redis, ref, { tokenId, entry: null });
  const trade = await running.tradeOf(await planned());
  expect(trade).toMatchObject({ outcome: 'refused', transactions: [] });
  expect(await readStop(redis)).toMatchObject({ state: 'killed', by: 'ops', reason: 'enough' });
});

test('a foreign nonce in the middle of a plan that Redis forgot halts it until somebody gives it up', async () => {
  const { world, redis } = running;
  await endsAt('swap:signed');
  const [begun] = await openPlans();
  await redis.flushall();
  await adoptPosition(redis, ref, { tokenId, entry: null });
  await sendAndWait(world.client, world.chain.accounts.operator, { to: world.wallet, data: '0x1234' });
  const { nonce } = await stateOf(world, tokenId);
  running.mineEvery(50);
  await running.startExecutor();
  await expect.poll(() => running.told, { timeout: 30_000 }).toContain('plan-not-finished');
  expect(await openPlans()).toEqual([begun]);
  expect(running.trades).toEqual([]);
  const asked = { by: 'ops', reason: 'we sent that ourselves', at: new Date().toISOString() };
  await requestAbandon(redis, begun!.planId, asked);
  await expect.poll(() => running.storedTrades(), { timeout: 30_000 }).toEqual([1]);
  expect(running.trades[0]?.outcome).toBe('reverted');
  expect((await stateOf(world, tokenId)).nonce).toBe(nonce);
  await expect.poll(() => readPosition(redis, ref)).toMatchObject({ tokenId, restingPlan: begun!.planId });
  expect(await report()).toContain('approval-stands');
});

test('a Redis set back to an old copy takes up what the chain and the broker know since', async () => {
  const { world, redis } = running;
  const first = await running.startExecutor();
  await report();
  const copy = await snapshot();
  const trade = await running.tradeOf(await planned());
  await first.stop();
  await endsAt('approve-manager-token0:done');
  const { nonce } = await stateOf(world, tokenId);
  await putBack(copy);
  running.mineEvery(50);
  await running.startExecutor();
  await expect.poll(() => running.storedTrades(), { timeout: 30_000 }).toEqual([1, 1]);
  const last = running.trades.at(-1)!;
  expect(last, last.reason).toMatchObject({ outcome: 'confirmed', tokenIdBefore: trade.tokenIdAfter });
  expect((await stateOf(world, tokenId)).nonce).toBeGreaterThan(nonce);
  const lineage = [tokenId, trade.tokenIdAfter, last.tokenIdAfter];
  await expect.poll(() => readPosition(redis, ref)).toMatchObject({ lineage });
});

type Copy = readonly { readonly key: string; readonly value: Buffer }[];

async function snapshot(): Promise<Copy> {
  const keys = await running.redis.keys('*');
  const values = await Promise.all(keys.map((key) => running.redis.dumpBuffer(key)));
  return keys.map((key, index) => ({ key, value: values[index]! }));
}

async function putBack(copy: Copy): Promise<void> {
  await running.redis.flushall();
  for (const { key, value } of copy) if (!key.includes('lease')) await running.redis.restore(key, 0, value);
}
