import { readHeader } from '@rangeward/adapter-evm/block-header';
import { chainReader } from '@rangeward/adapter-evm/client';
import { readSwapLogs } from '@rangeward/adapter-evm/swap-logs';
import { readPosition, settlePosition } from '@rangeward/adapter-redis/position-registry';
import { marketObserved, priceBreachTrigger, runSkipped, runStarted, tick } from '@rangeward/contracts';
import { operator } from '@rangeward/localnet/accounts';
import { openPosition } from '@rangeward/localnet/open-position';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalWorld, openLocalWorld } from '../test/local-world.ts';
import { buildCandles, sumByBlock } from './build-candles.ts';
import type { MarketData } from './start.ts';
import { toTrade } from './to-trade.ts';
import { watchedPool } from './watched-pool.ts';

let world: LocalWorld;
let service: MarketData;

beforeAll(async () => {
  world = await openLocalWorld();
  service = await world.startService();
});
afterAll(() => world?.close());

const reader = () => {
  const { local } = world.config().chains;
  if (local === undefined) throw new Error('no chain named local');
  return chainReader({ name: 'local', settings: local });
};
/** Resolves when the service has said what it had to say of a block. */
const said = (block: number) => world.heard(tick, 1, (data) => data.block.number === block);
const breaches = () => world.heard(priceBreachTrigger, 0);
const startRun = (run: ReturnType<LocalWorld['run']>) => {
  const origin = { triggerId: 'test', reason: 'a test', requestedBy: null, requestCorrelationId: null };
  return world.bus.publish(runStarted, { run, ...origin }, { correlationId: run.id });
};

test('the configured position is adopted with what it held', async () => {
  const ref = { chain: 'local', pool: world.pool, id: 'main' };
  const registered = await readPosition(world.redis, ref);
  expect(registered?.tokenId).toBe(world.position.tokenId);
  expect(registered?.entry?.amount0).toBeGreaterThan(10_000_000_000n);
  expect(service.readiness().ready).toBe(true);
});

test('within the buffer nothing is said; beyond it one breach, until the price was back inside', async () => {
  const { tickLower, tokenId } = world.position;
  await said(await world.tradeTo(tickLower - 10));
  expect(await breaches()).toHaveLength(0);
  const out = await world.tradeTo(tickLower - 11);
  await said(out);
  await said(await world.tradeTo(tickLower - 200));
  await said(await world.tradeTo(tickLower - 5));
  await said(await world.tradeTo(tickLower - 50));
  const [breach, ...more] = await breaches();
  expect(more).toHaveLength(0);
  expect(breach?.data).toMatchObject({ block: out, tick: tickLower - 11, side: 'below', bufferTicks: 10, tokenId });
  await said(await world.tradeTo(tickLower));
  await said(await world.tradeTo(tickLower - 100));
  expect(await breaches()).toHaveLength(2);
});

test('a restart while the price is outside repeats nothing and misses nothing', async () => {
  const before = (await breaches()).length;
  await service.stop();
  const away = await world.tradeTo(world.position.tickLower - 300);
  service = await world.startService();
  await said(away);
  await said(await world.tradeTo(world.position.tickLower - 310));
  expect(await breaches()).toHaveLength(before);
  await service.stop();
  await world.tradeTo(world.position.tickLower + 100);
  await world.tradeTo(world.position.tickUpper + 10);
  service = await world.startService();
  const all = await world.heard(priceBreachTrigger, before + 1);
  expect(all.slice(before).map(({ data }) => [data.side, data.tick])).toEqual([
    ['above', world.position.tickUpper + 10],
  ]);
});

test('of many breaches while it was away the newest alone is announced, and of those that are over none', async () => {
  const { tickLower, tickUpper } = world.position;
  const before = (await breaches()).length;
  await service.stop();
  const away: number[] = [];
  for (const tick of [196_300, tickLower - 50, 196_300, tickUpper + 50, 196_300]) away.push(await world.tradeTo(tick));
  // The last block has no swap: the gap's last price stands.
  for (const tick of [tickLower - 50, 196_300, tickLower - 60]) away.push(await world.tradeTo(tick));
  await world.client.mine({ blocks: 1 });
  service = await world.startService();
  for (const block of away) await said(block);
  const all = await world.heard(priceBreachTrigger, before + 1);
  expect(all.slice(before).map(({ data }) => [data.side, data.tick])).toEqual([['below', tickLower - 60]]);
  expect(all.at(-1)?.data.block).toBe(away.at(-1)! + 1);
  await service.stop();
  for (const tick of [196_300, tickUpper + 50, 196_300]) await world.tradeTo(tick);
  service = await world.startService();
  await said(await world.tradeTo(196_310));
  expect(await breaches()).toHaveLength(before + 1);
});

test('a tick says what the block did to the pool', async () => {
  const block = await world.tradeTo(196_300);
  const [event] = await said(block);
  const rows = await readSwapLogs(reader(), world.pool, block, block);
  const last = rows.at(-1);
  expect(event?.data).toMatchObject({
    tick: last?.tick,
    sqrtPriceX96: last?.sqrtPriceX96,
    liquidity: last?.liquidity,
    swaps: rows.length,
    complete: true,
  });
  expect(event?.data.priceUsdE6).toBeGreaterThan(2_900_000_000);
  expect(event?.data.volumeUsdE6).toBe(Number((last?.amount0 ?? 0n) < 0n ? -(last?.amount0 ?? 0n) : last?.amount0));
});

test('the observed market equals independent reads of the same block', async () => {
  const run = world.run();
  await startRun(run);
  const [event] = await world.heard(marketObserved, 1, (data) => data.run.id === run.id);
  if (event === undefined) throw new Error('nothing was observed');
  const { market, candles, vwapWindow } = event.data;
  const chain = reader();
  const pool = watchedPool('local', world.config().chains.local!.pools['usdc-weth']!);
  const rows = await readSwapLogs(chain, world.pool, 0, market.block.number);
  const trades = await Promise.all(
    rows.map(async (row) => toTrade(pool, row, (await readHeader(chain, row.blockNumber)).timestampS)),
  );
  const endS = Date.parse(market.block.time) / 1000;
  expect(candles).toEqual(buildCandles(trades, { candleSeconds: 300, lookbackS: 86_400, endS }, 6));
  expect(candles.length).toBeGreaterThan(0);
  expect(vwapWindow).toEqual(sumByBlock(trades, market.block.number, 100));
  expect(market.pool.tick).toBe(rows.at(-1)?.tick);
  expect(market.pool.sqrtPriceX96).toBe(rows.at(-1)?.sqrtPriceX96);
  expect(market.position).toMatchObject({ id: 'main', tokenId: world.position.tokenId, inRange: true });
  expect(market.position.fees0 > 0n && market.position.fees1 > 0n).toBe(true);
  const value0 = Number(market.position.amount0 + market.position.fees0);
  const value1 = (Number(market.position.amount1 + market.position.fees1) / 1e18) * market.pool.priceUsdE6;
  expect(Math.abs(market.position.valueUsdE6 - (value0 + value1))).toBeLessThan(2);
  expect(market.nativePriceUsdE6).toBe(market.pool.priceUsdE6);
  expect(market.position.hodlUsdE6).toBeGreaterThan(40_000_000_000);
});

test('a run for a breach whose price is back inside is skipped with the numbers', async () => {
  const run = world.run({ trigger: 'price-breach' });
  await startRun(run);
  const [event] = await world.heard(runSkipped, 1, (data) => data.run.id === run.id);
  expect(event?.data.code).toBe('price-back-in-range');
  expect(event?.data.reason).toContain(`${world.position.tickLower} <= 196300 < ${world.position.tickUpper}`);
});

test('a run for an NFT that is not the position’s any more is skipped', async () => {
  const run = world.run({ tokenId: 999_999n });
  await startRun(run);
  const [event] = await world.heard(runSkipped, 1, (data) => data.run.id === run.id);
  expect(event?.data.code).toBe('position-gone');
});

test('after a reorganisation the state counts, though no swap tells it', async () => {
  const { tickUpper } = world.position;
  const before = (await breaches()).length;
  const inside = await world.tradeTo(196_310);
  await said(inside);
  const out = await world.tradeTo(tickUpper + 40);
  await said(out);
  expect(await breaches()).toHaveLength(before + 1);
  await world.client.request({ method: 'anvil_reorg' as never, params: [1, []] as never });
  await world.client.mine({ blocks: 1 });
  const after = await world.heard(tick, 1, (data) => data.block.number >= out && data.tick === 196_310);
  expect(after[0]?.data.swaps).toBe(0);
  const run = world.run();
  await startRun(run);
  const [event] = await world.heard(marketObserved, 1, (data) => data.run.id === run.id);
  expect(event?.data.market.pool.tick).toBe(196_310);
  expect(event?.data.vwapWindow.some(({ block }) => block === out)).toBe(false);
  // The breach that the reorganisation undid is over: the next one is a new one.
  await said(await world.tradeTo(tickUpper + 41));
  expect(await breaches()).toHaveLength(before + 2);
});

test('a position that moved is watched in its new range from the next block on', async () => {
  const { tokenId } = await openPosition({
    rpcUrl: world.chain.rpcUrl,
    account: operator,
    pool: world.chain.pool,
    tickLower: 196_400,
    tickUpper: 196_800,
    amount0Desired: 10_000_000_000n,
    amount1Desired: 10n ** 19n,
  });
  const ref = { chain: 'local', pool: world.pool, id: 'main' };
  const left = { amount0: 5_000_000n, amount1: 10n ** 15n };
  const moved = { planId: 'ab'.repeat(32), from: world.position.tokenId, to: tokenId, left };
  expect(await settlePosition(world.redis, ref, moved)).toBe(true);
  const before = (await breaches()).length;
  await said(await world.tradeTo(196_600));
  expect(await breaches()).toHaveLength(before);
  await said(await world.tradeTo(196_811));
  const all = await breaches();
  expect(all.slice(before).map(({ data }) => data.tokenId)).toEqual([tokenId]);
  const run = world.run({ tokenId });
  await startRun(run);
  const [event] = await world.heard(marketObserved, 1, (data) => data.run.id === run.id);
  const { position, pool } = event!.data.market;
  expect(position.idle).toEqual(left);
  // Five dollars and a thousandth of an ether, rounded down: prices are micro-dollars.
  expect(position.idleUsdE6! - (5_000_000 + pool.priceUsdE6 / 1000)).toBeGreaterThan(-1.001);
  expect(position.idleUsdE6! - (5_000_000 + pool.priceUsdE6 / 1000)).toBeLessThan(0.002);
});
