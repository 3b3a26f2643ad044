import { operator, traders } from '@rangeward/localnet/accounts';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { createPool, deployTokenPair, mintTestToken } from '@rangeward/localnet/create-pool';
import { type LocalClient, localClient, sendAndWait } from '@rangeward/localnet/local-client';
import { approve, openPosition } from '@rangeward/localnet/open-position';
import { sqrtPriceX96FromPrice, tickFromPrice, valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { floorToSpacing } from '@rangeward/uniswap-v3/tick-grid';
import { type Address, encodeFunctionData, parseEventLogs } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { poolAbi, positionManagerAbi, swapRouterAbi } from './abis.ts';
import { readHeader } from './block-header.ts';
import { type ChainReader, openChain } from './client.ts';
import { readGas } from './gas.ts';
import { readPool } from './read-pool.ts';
import { positionsOfOwner, readPosition, readPositions, readRange } from './read-position.ts';
import { chainsSettings } from './settings.ts';

const MAX_UINT128 = (1n << 128n) - 1n;
let local: LocalChain;
let client: LocalClient;
let chain: ChainReader;

beforeAll(async () => {
  local = await loadChain();
  client = localClient(local.rpcUrl);
  const settings = chainsSettings.parse({ local: { chainId: 31337, rpcUrl: local.rpcUrl } }).local;
  if (settings === undefined) throw new Error('the settings did not parse');
  chain = await openChain({ name: 'local', settings });
});
afterAll(() => local?.stop());

type Market = {
  pool: Address;
  token0: Address;
  token1: Address;
  tokenId: bigint;
  tickLower: number;
  tickUpper: number;
};

/** A fresh pool with background liquidity, a narrow position of the operator and trading through its range. */
async function tradedPool(decimals: { decimals0: number; decimals1: number }, price: number): Promise<Market> {
  const { token0, token1 } = await deployTokenPair(client, {
    token0: { name: 'Zero', symbol: 'ZERO', decimals: decimals.decimals0 },
    token1: { name: 'One', symbol: 'ONE', decimals: decimals.decimals1 },
  });
  const sqrtPriceX96 = sqrtPriceX96FromPrice(price, decimals.decimals0, decimals.decimals1);
  const pool = await createPool(client, { tokenA: token0, tokenB: token1, fee: 500, sqrtPriceX96 });
  for (const account of [operator, traders[0]]) {
    for (const token of [token0, token1]) await mintTestToken(client, token, account.address, 10n ** 30n);
  }
  const middle = floorToSpacing(tickFromPrice(price, decimals.decimals0, decimals.decimals1), 10);
  const one0 = 10n ** BigInt(decimals.decimals0);
  const one1 = 10n ** BigInt(decimals.decimals1);
  const open = (half: number, scale: bigint) =>
    openPosition({
      rpcUrl: local.rpcUrl,
      account: operator,
      pool,
      tickLower: middle - half,
      tickUpper: middle + half,
      amount0Desired: one0 * scale * (price > 1 ? 1n : 3000n),
      amount1Desired: one1 * scale * (price > 1 ? 3000n : 1n),
    });
  await open(20_000, 1000n);
  const { tokenId } = await open(100, 10n);
  for (const [zeroForOne, amount] of [
    [true, one0 * (price > 1 ? 20n : 60_000n)],
    [false, one1 * (price > 1 ? 150_000n : 50n)],
    [true, one0 * (price > 1 ? 7n : 21_000n)],
  ] as const) {
    await swapExactIn(zeroForOne ? token0 : token1, zeroForOne ? token1 : token0, amount);
  }
  return { pool, token0, token1, tokenId, tickLower: middle - 100, tickUpper: middle + 100 };
}

async function swapExactIn(tokenIn: Address, tokenOut: Address, amountIn: bigint): Promise<void> {
  const trader = traders[0];
  const to = chain.known.swapRouter;
  await approve(client, trader, tokenIn, to, amountIn);
  const recipient = trader.address;
  const limits = { deadline: 10n ** 12n, amountOutMinimum: 0n, sqrtPriceLimitX96: 0n };
  const args = [{ tokenIn, tokenOut, fee: 500, recipient, amountIn, ...limits }] as const;
  await sendAndWait(client, trader, {
    to,
    data: encodeFunctionData({ abi: swapRouterAbi, functionName: 'exactInputSingle', args }),
  });
}

describe.each([
  ['the dollar is token0', { decimals0: 6, decimals1: 18 }, 1 / 3000, 0],
  ['the dollar is token1', { decimals0: 18, decimals1: 6 }, 3000, 1],
] as const)('%s', (_, decimals, price, stable) => {
  let market: Market;
  beforeAll(async () => {
    market = await tradedPool(decimals, price);
  });

  test('fees by arithmetic are what collect would pay and the principal what a burn would pay, to the wei', async () => {
    const block = await readHeader(chain, 'latest');
    const pool = await readPool(chain, market.pool, block, 60);
    const position = await readPosition(chain, pool, market.tokenId, block);
    if (position.kind === 'gone') throw new Error('the position is gone');
    const manager = {
      address: chain.known.positionManager,
      abi: positionManagerAbi,
      account: operator.address,
    } as const;
    const ask = { tokenId: market.tokenId, recipient: operator.address };
    const { result: collected } = await client.simulateContract({
      ...manager,
      functionName: 'collect',
      args: [{ ...ask, amount0Max: MAX_UINT128, amount1Max: MAX_UINT128 }],
      blockNumber: BigInt(block.number),
    });
    expect([position.fees0, position.fees1]).toEqual([...collected]);
    expect(position.fees0 > 0n && position.fees1 > 0n).toBe(true);
    const { liquidity, tokenId } = position;
    const { result: burned } = await client.simulateContract({
      ...manager,
      functionName: 'decreaseLiquidity',
      args: [{ tokenId, liquidity, amount0Min: 0n, amount1Min: 0n, deadline: 10n ** 12n }],
      blockNumber: BigInt(block.number),
    });
    expect([position.amount0, position.amount1]).toEqual([...burned]);
    expect(await readRange(chain, market.tokenId)).toEqual({
      tickLower: market.tickLower,
      tickUpper: market.tickUpper,
    });
    expect(position).toMatchObject({
      owner: operator.address.toLowerCase(),
      tickLower: market.tickLower,
      tickUpper: market.tickUpper,
      inRange: market.tickLower <= pool.tick && pool.tick < market.tickUpper,
    });
    const { amount0, amount1 } = position;
    const usdE6 = valueUsdE6({ amount0, amount1, sqrtPriceX96: pool.sqrtPriceX96, stable });
    expect(Number(usdE6) / 1e6).toBeGreaterThan(20_000);
    expect(Number(usdE6) / 1e6).toBeLessThan(100_000);
  });

  test('the pool reads as its contract answers', async () => {
    const block = await readHeader(chain, 'latest');
    const pool = await readPool(chain, market.pool, block, 60);
    const slot0 = await client.readContract({ address: market.pool, abi: poolAbi, functionName: 'slot0' });
    expect(pool).toMatchObject({
      token0: market.token0.toLowerCase(),
      token1: market.token1.toLowerCase(),
      feePips: 500,
      tickSpacing: 10,
      sqrtPriceX96: slot0[0],
      tick: slot0[1],
      feeProtocol0: 0,
      feeProtocol1: 0,
    });
  });
});

test('the average price comes from the oracle, and is not there when the oracle is too young', async () => {
  const block = await readHeader(chain, 'latest');
  const old = await readPool(chain, local.pool.toLowerCase() as Address, block, 60);
  const [[before, now]] = await client.readContract({
    address: local.pool,
    abi: poolAbi,
    functionName: 'observe',
    args: [[60, 0]],
    blockNumber: BigInt(block.number),
  });
  expect(old.twapTick).toBe(Math.floor(Number((now ?? 0n) - (before ?? 0n)) / 60));
  expect(old.twapWindowS).toBe(60);
  const young = await readPool(chain, old.address, block, 100_000_000);
  expect(young).toMatchObject({ twapTick: null, twapWindowS: 0 });
});

test('a burned, an unknown and a foreign NFT are answers, not failures', async () => {
  const block = await readHeader(chain, 'latest');
  const pool = await readPool(chain, local.pool.toLowerCase() as Address, block, 60);
  const mine = (await tradedPool({ decimals0: 6, decimals1: 18 }, 1 / 3000)).tokenId;
  const head = await readHeader(chain, 'latest');
  expect(await readPositions(chain, pool, [999_999n, mine], head)).toEqual([
    { kind: 'gone', tokenId: 999_999n, reason: 'burned' },
    { kind: 'gone', tokenId: mine, reason: 'other-pool' },
  ]);
  expect(await readRange(chain, 999_999n)).toBeNull();
});

test('a hundred positions are read in one go, and listed by owner', async () => {
  const block = await readHeader(chain, 'latest');
  const poolAddress = local.pool.toLowerCase() as Address;
  const { tick } = await readPool(chain, poolAddress, block, 60);
  const middle = floorToSpacing(tick, 10);
  const range = (half: number) => ({ tickLower: middle - half * 10, tickUpper: middle + half * 10 });
  const amounts = { amount0Desired: 1_000_000n, amount1Desired: 10n ** 15n };
  const account = traders[1];
  const tokens = { token0: local.addresses.usdc, token1: local.addresses.weth, fee: 500 };
  const limits = { amount0Min: 0n, amount1Min: 0n, recipient: account.address, deadline: 10n ** 12n };
  const mints = Array.from({ length: 100 }, (_, index) =>
    encodeFunctionData({
      abi: positionManagerAbi,
      functionName: 'mint',
      args: [{ ...tokens, ...range(index + 1), ...amounts, ...limits }],
    }),
  );
  const opened: bigint[] = [];
  for (let from = 0; from < mints.length; from += 25) {
    const args = [mints.slice(from, from + 25)] as const;
    const data = encodeFunctionData({ abi: positionManagerAbi, functionName: 'multicall', args });
    const { logs } = await sendAndWait(client, account, { to: chain.known.positionManager, data });
    const minted = parseEventLogs({ abi: positionManagerAbi, eventName: 'IncreaseLiquidity', logs });
    opened.push(...minted.map((log) => log.args.tokenId));
  }
  const head = await readHeader(chain, 'latest');
  const pool = await readPool(chain, poolAddress, head, 60);
  expect(await positionsOfOwner(chain, traders[1].address, pool, head)).toEqual(opened);
  const read = await readPositions(chain, pool, opened, head);
  expect(read.map((position) => position.kind === 'position' && position.tickUpper - middle)).toEqual(
    opened.map((_, index) => (index + 1) * 10),
  );
});

test('reading at a block that is not there fails, it never answers from another', async () => {
  const nowhere = { hash: `0x${'ab'.repeat(32)}` } as const;
  await expect(readPool(chain, local.pool, nowhere, 60)).rejects.toMatchObject({ name: 'ChainError' });
});

test('gas is the next block’s base fee, and there is no data fee on a chain with none', async () => {
  const head = await readHeader(chain, 'latest');
  const gas = await readGas(chain, head.number);
  await client.mine({ blocks: 1 });
  expect(gas.baseFeeWei).toBe((await readHeader(chain, head.number + 1)).baseFeeWei);
  expect(gas.l1FeeWei).toBe(0n);
});

test('another chain id, an address without code and a pool of nobody stop the start', async () => {
  const open = (settings: object) => {
    const parsed = chainsSettings.parse({ local: { chainId: 31337, rpcUrl: local.rpcUrl, ...settings } }).local;
    if (parsed === undefined) throw new Error('the settings did not parse');
    return openChain({ name: 'local', settings: parsed });
  };
  const tokens = { token0: { symbol: 'A', decimals: 6 }, token1: { symbol: 'B', decimals: 18 }, stable: 'token0' };
  await expect(open({ chainId: 1 })).rejects.toMatchObject({ code: 'wrong-chain' });
  await expect(open({ contracts: { quoter: `0x${'12'.repeat(20)}` } })).rejects.toMatchObject({ code: 'no-code' });
  const notAPool = { address: chain.known.wrappedNative, ...tokens };
  await expect(open({ pools: { main: notAPool } })).rejects.toMatchObject({ name: 'ChainError' });
  await expect(open({ pools: { main: { address: local.pool, ...tokens } } })).resolves.toMatchObject({ name: 'local' });
});
