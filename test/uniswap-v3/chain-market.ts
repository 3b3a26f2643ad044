import { operator } from '@rangeward/localnet/accounts';
import { addresses } from '@rangeward/localnet/addresses';
import { createPool as createPoolOnChain, deployTokenPair, mintTestToken } from '@rangeward/localnet/create-pool';
import type { LocalClient } from '@rangeward/localnet/local-client';
import { approve } from '@rangeward/localnet/open-position';
import { type PoolEvent, replayEvents } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, createPool, type Pool, setFeeProtocol } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap, type SwapOrder, swap } from '@rangeward/uniswap-v3/pool-swap';
import { floorToSpacing, type TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { type Address, encodeFunctionData, type Hex, type Log, maxUint128, maxUint256, parseEventLogs } from 'viem';
import { expect } from 'vitest';
import { factoryAbi, managerAbi, poolAbi, routerAbi } from './contract-abis.ts';

/** What a pool is opened with. */
export type MarketKind = {
  readonly name: string;
  readonly fee: number;
  readonly spacing: number;
  readonly decimals: readonly [number, number];
  readonly tick: number;
  readonly feeProtocol: number;
};

/** A seeded generator, so that a failure can be met again: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A pool on the local chain and the two replays that are held against it. */
export type Market = {
  readonly client: LocalClient;
  readonly random: () => number;
  readonly address: Address;
  readonly token0: Address;
  readonly token1: Address;
  readonly fee: number;
  /** Where the price began, and is pulled back to. */
  readonly homeTick: number;
  /** Moved by the very orders that were sent. */
  readonly pool: Pool;
  /** Moved by the events alone. */
  readonly follower: Pool;
  held: { tokenId: bigint; liquidity: bigint }[];
  swaps: number;
  quotes: number;
};

/** Enough for a batch, and below anvil's block limit of 30 million. */
export const GAS = 29_000_000n;
export const between = (random: () => number, low: number, high: number) =>
  low + Math.floor(random() * (high - low + 1));
/** An amount of a random size up to 2^maxBits. */
export const amountUpTo = (random: () => number, maxBits: number) =>
  1n + (BigInt(Math.floor(random() * 2 ** 52)) * (1n << BigInt(between(random, 0, maxBits)))) / (1n << 52n);

/** Deploys two tokens and a pool of theirs, and the replay's pool beside it in the same state. */
export async function openMarket(client: LocalClient, kind: MarketKind, seed: number): Promise<Market> {
  const [decimals0, decimals1] = kind.decimals;
  const spec = (symbol: string, decimals: number) => ({ name: symbol, symbol, decimals });
  const { token0, token1 } = await deployTokenPair(client, {
    token0: spec('A', decimals0),
    token1: spec('B', decimals1),
  });
  for (const token of [token0, token1]) {
    await mintTestToken(client, token, operator.address, 1n << 200n);
    for (const spender of [addresses.swapRouter, addresses.positionManager])
      await approve(client, operator, token, spender);
  }
  const sqrtPriceX96 = getSqrtRatioAtTick(kind.tick) + 12_345n;
  const address = await createPoolOnChain(client, { tokenA: token0, tokenB: token1, fee: kind.fee, sqrtPriceX96 });
  const pool = createPool({ feePips: kind.fee, tickSpacing: kind.spacing, sqrtPriceX96 });
  const market = {
    client,
    random: seeded(seed),
    address,
    token0,
    token1,
    fee: kind.fee,
    homeTick: kind.tick,
    held: [],
    swaps: 0,
    quotes: 0,
  };
  return { ...market, pool, follower: clonePool(pool) };
}

async function send(market: Market, to: Address, data: Hex): Promise<Log[]> {
  const hash = await market.client.sendTransaction({ account: operator.address, to, data, gas: GAS });
  const receipt = await market.client.waitForTransactionReceipt({ hash });
  expect(receipt.status).toBe('success');
  return receipt.logs;
}

/** The pool's own events, in the order of the log. */
function poolEvents(market: Market, logs: Log[]): PoolEvent[] {
  const own = logs.filter((log) => log.address.toLowerCase() === market.address.toLowerCase());
  return parseEventLogs({ abi: poolAbi, logs: own }).map((log): PoolEvent => {
    if (log.eventName === 'Swap') return { kind: 'swap', ...log.args };
    const { owner, tickLower, tickUpper, amount0, amount1 } = log.args;
    const place = { owner, tickLower, tickUpper, amount0, amount1 };
    if (log.eventName === 'Collect') return { kind: 'collect', ...place };
    return { kind: log.eventName === 'Mint' ? 'mint' : 'burn', ...place, liquidity: log.args.amount };
  });
}

/** One wide position, so that there is liquidity wherever the price goes. */
export async function openBasePosition(market: Market): Promise<void> {
  const { tickSpacing } = market.pool;
  const range = {
    tickLower: floorToSpacing(market.homeTick - 60_000, tickSpacing),
    tickUpper: floorToSpacing(market.homeTick + 60_000, tickSpacing),
  };
  await sendToManager(market, [mintCall(market, range, 10n ** 24n, 10n ** 24n)]);
}

/** Opens a position of a range with at most these amounts. */
export async function openRange(market: Market, range: TickRange, amount0: bigint, amount1: bigint): Promise<void> {
  await sendToManager(market, [mintCall(market, range, amount0, amount1)]);
}

/** Sends one order; answers false when the contracts refuse it. Its Swap event must say what the replay works out. */
export async function tradeOne(market: Market, order: SwapOrder): Promise<boolean> {
  const to = addresses.swapRouter;
  const call = { account: operator.address, to, data: callOf(market, order), gas: GAS };
  const hash = await market.client.sendTransaction(call);
  const receipt = await market.client.waitForTransactionReceipt({ hash });
  if (receipt.status === 'reverted') return false;
  const events = poolEvents(market, receipt.logs);
  expect(events).toMatchObject([{ kind: 'swap', ...swap(market.pool, order) }]);
  expect(replayEvents(market.follower, events)).toEqual({ kind: 'followed', events: 1 });
  return true;
}

/** Opens positions of random ranges around the price, then takes random parts of held ones out and collects. */
export async function changeLiquidity(market: Market): Promise<void> {
  const { random, pool } = market;
  const calls: Hex[] = [];
  for (let count = between(random, 1, 4); count > 0; count--) {
    const centre = Math.round(pool.tick / pool.tickSpacing) + between(random, -120, 120);
    const width = between(random, 1, random() < 0.5 ? 20 : 600);
    const tickLower = (centre - between(random, 0, width)) * pool.tickSpacing;
    const range = { tickLower, tickUpper: tickLower + width * pool.tickSpacing };
    // Beside a narrow range's edge, less could be too little for one unit of liquidity, which the pool refuses.
    const least = 10n ** 15n;
    calls.push(mintCall(market, range, least + amountUpTo(random, 80), least + amountUpTo(random, 80)));
  }
  for (const position of market.held) if (random() < 0.3) calls.push(...withdrawCalls(market, position));
  await sendToManager(market, calls);
}

function mintCall(market: Market, range: TickRange, amount0Desired: bigint, amount1Desired: bigint): Hex {
  const { token0, token1, fee } = market;
  const bounds = { amount0Min: 0n, amount1Min: 0n, recipient: operator.address, deadline: maxUint256 };
  const params = { token0, token1, fee, ...range, amount0Desired, amount1Desired, ...bounds };
  return encodeFunctionData({ abi: managerAbi, functionName: 'mint', args: [params] });
}

/** Takes a random part of a position out, or all of it, and mostly collects. */
function withdrawCalls(market: Market, position: Market['held'][number]): Hex[] {
  const { random } = market;
  const { tokenId } = position;
  const part = BigInt(random() < 0.4 ? 1000 : between(random, 0, 999));
  const liquidity = (position.liquidity * part) / 1000n;
  if (liquidity === 0n) return [];
  position.liquidity -= liquidity;
  const decrease = { tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: maxUint256 };
  const calls = [encodeFunctionData({ abi: managerAbi, functionName: 'decreaseLiquidity', args: [decrease] })];
  if (random() < 0.7) {
    const collect = { tokenId, recipient: operator.address, amount0Max: maxUint128, amount1Max: maxUint128 };
    calls.push(encodeFunctionData({ abi: managerAbi, functionName: 'collect', args: [collect] }));
  }
  return calls;
}

/** Sends calls to the position manager in one transaction and carries both pools through what it logged. */
async function sendToManager(market: Market, calls: Hex[]): Promise<void> {
  const data = encodeFunctionData({ abi: managerAbi, functionName: 'multicall', args: [calls] });
  const logs = await send(market, addresses.positionManager, data);
  const events = poolEvents(market, logs);
  for (const pool of [market.follower, market.pool]) {
    expect(replayEvents(pool, events)).toEqual({ kind: 'followed', events: events.length });
  }
  const opened = parseEventLogs({ abi: managerAbi, logs }).map(({ args }) => args);
  const left = market.held.filter((position) => position.liquidity > 0n);
  market.held = [...left, ...opened.map(({ tokenId, liquidity }) => ({ tokenId, liquidity }))];
}

/** Orders that the router can carry out one after another; the pool is moved by them on the way. */
function randomOrders(market: Market, count: number): { order: SwapOrder; outcome: ReturnType<typeof swap> }[] {
  const { random, pool } = market;
  const done: { order: SwapOrder; outcome: ReturnType<typeof swap> }[] = [];
  while (done.length < count) {
    // Falling is likelier above the middle and rising below, which keeps the price where the positions are.
    const zeroForOne = random() < 0.5 + (pool.tick - market.homeTick) / 20_000;
    const away = between(random, 1, random() < 0.2 ? 6000 : 300);
    const sqrtPriceLimitX96 =
      getSqrtRatioAtTick(pool.tick + (zeroForOne ? -away : away + 1)) +
      (random() < 0.7 ? BigInt(between(random, 0, 99)) : 0n);
    const amount = amountUpTo(random, 84);
    const order: SwapOrder = { zeroForOne, amountSpecified: random() < 0.5 ? amount : -amount, sqrtPriceLimitX96 };
    if (sqrtPriceLimitX96 === pool.sqrtPriceX96) continue;
    const computed = computeSwap(pool, order);
    // The router refuses a swap without input, which happens where there is no liquidity.
    if (computed.amount0 <= 0n && computed.amount1 <= 0n) continue;
    done.push({ order, outcome: swap(pool, order) });
  }
  return done;
}

function callOf(market: Market, order: SwapOrder): Hex {
  const [tokenIn, tokenOut] = order.zeroForOne ? [market.token0, market.token1] : [market.token1, market.token0];
  const route = {
    tokenIn,
    tokenOut,
    fee: market.fee,
    recipient: operator.address,
    deadline: maxUint256,
    sqrtPriceLimitX96: order.sqrtPriceLimitX96 ?? 0n,
  };
  if (order.amountSpecified > 0n) {
    return encodeFunctionData({
      abi: routerAbi,
      functionName: 'exactInputSingle',
      args: [{ ...route, amountIn: order.amountSpecified, amountOutMinimum: 0n }],
    });
  }
  return encodeFunctionData({
    abi: routerAbi,
    functionName: 'exactOutputSingle',
    args: [{ ...route, amountOut: -order.amountSpecified, amountInMaximum: maxUint256 }],
  });
}

/** Sends orders in one transaction; each Swap event must say what the replay worked out before. */
export async function tradeBatch(market: Market, count: number): Promise<void> {
  const orders = randomOrders(market, count);
  const data = encodeFunctionData({
    abi: routerAbi,
    functionName: 'multicall',
    args: [orders.map(({ order }) => callOf(market, order))],
  });
  const events = poolEvents(market, await send(market, addresses.swapRouter, data));
  expect(events.length).toBe(orders.length);
  orders.forEach(({ outcome }, at) => {
    expect(events[at]).toMatchObject({ kind: 'swap', ...outcome });
  });
  expect(replayEvents(market.follower, events)).toEqual({ kind: 'followed', events: events.length });
  market.swaps += events.length;
}

/** Sets slot0's protocol fee byte, on chain and in the replay. */
export async function switchProtocolFee(market: Market, feeProtocol: number): Promise<void> {
  const sides = [feeProtocol & 0xf, feeProtocol >> 4] as const;
  const data = encodeFunctionData({ abi: poolAbi, functionName: 'setFeeProtocol', args: sides });
  await asFactoryOwner(market.client, market.address, data);
  for (const pool of [market.pool, market.follower]) setFeeProtocol(pool, ...sides);
}

/** Sends what only the factory's owner may. */
export async function asFactoryOwner(client: LocalClient, to: Address, data: Hex): Promise<void> {
  const owner = await client.readContract({ address: addresses.factory, abi: factoryAbi, functionName: 'owner' });
  await client.impersonateAccount({ address: owner });
  await client.setBalance({ address: owner, value: 10n ** 18n });
  const hash = await client.sendTransaction({ account: owner, to, data, gas: 200_000n });
  expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success');
  await client.stopImpersonatingAccount({ address: owner });
}
