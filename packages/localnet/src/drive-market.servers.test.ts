import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readPoolLogs } from '@rangeward/recording/pool-logs-csv';
import { type RecordedBlock, recordedBlocks } from '@rangeward/recording/recorded-event';
import { stablePerVolatile } from '@rangeward/uniswap-v3/price';
import { type Address, type Hex, maxUint256, parseEther } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addresses } from './addresses.ts';
import { type LocalChain, loadChain } from './chain-state.ts';
import { poolAbi } from './contract-abis.ts';
import { createPool, deployTestToken, mintTestToken } from './create-pool.ts';
import { type DrivenBlock, driveMarket } from './drive-market.ts';
import { type PoolPrice, routerOrders } from './drive-order.ts';
import { describePool, readPoolPrice, routerCall } from './drive-pool.ts';
import { type LocalClient, localClient } from './local-client.ts';
import type { MarketBlock } from './market-block.ts';
import { marketBlocks } from './market-model.ts';
import { openPosition } from './open-position.ts';
import { recordedMarketBlocks } from './recording-market.ts';

const unpaced = Number.POSITIVE_INFINITY;
const usdcWeth = { pool: addresses.usdcWethPool, usdc: addresses.usdc, weth: addresses.weth };

let chain: LocalChain;
let client: LocalClient;
beforeAll(async () => {
  chain = await loadChain({ noMining: true });
  client = localClient(chain.rpcUrl);
});
afterAll(async () => {
  await chain.stop();
});

const latest = async () => client.getBlock();
const swapLogs = (fromBlock: bigint, pool: Address = addresses.usdcWethPool) =>
  client.getContractEvents({ address: pool, abi: poolAbi, eventName: 'Swap', fromBlock, strict: true });

function* firstBlocks(
  count: number,
  startTimestampS: number,
  startPriceUsdE6 = 3_000_000_000n,
): Generator<MarketBlock> {
  let left = count;
  for (const block of marketBlocks(7, { startTimestampS, startPriceUsdE6 })) {
    if (left-- === 0) return;
    yield block;
  }
}

async function poolUsd(): Promise<PoolPrice & { usd: number }> {
  const price = await readPoolPrice(client, await describePool(client, usdcWeth));
  return { ...price, usd: stablePerVolatile({ ...price, decimals0: 6, decimals1: 18 }) };
}

describe('driving the pool by the model', () => {
  it('trades every swap as asked, in order, and the price follows the market outside', async () => {
    const before = await latest();
    let price: PoolPrice = await poolUsd();
    const asked: MarketBlock[] = [];
    const driven: DrivenBlock[] = [];
    const summary = await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: firstBlocks(200, Number(before.timestamp) + 12),
      blocksPerSecond: unpaced,
      beforeBlock: async (block) => void asked.push(block),
      onBlock: (block) => void driven.push(block),
    });
    expect(summary).toMatchObject({ blocks: 200, failed: 0, shiftS: 0, ended: 'source' });
    expect(summary.swaps).toBeGreaterThan(120);
    expect(summary.swaps + summary.idle).toBe(asked.flatMap(({ swaps }) => swaps).length);
    expect(driven.map(({ timestampS }) => timestampS)).toEqual(asked.map(({ timestampS }) => timestampS));

    const logs = await swapLogs(before.number + 1n);
    expect(logs.length).toBe(summary.swaps);
    for (const [i, block] of asked.entries()) {
      const orders = routerOrders(block.swaps, price).filter((order) => order !== undefined);
      const traded = logs.filter(({ blockNumber }) => blockNumber === driven[i]?.blockNumber).map(({ args }) => args);
      expect(traded.length).toBe(orders.length);
      for (const [place, order] of orders.entries()) {
        const { amount0 = 0n, amount1 = 0n, sqrtPriceX96 } = traded[place] ?? {};
        if (order.sqrtPriceLimitX96 === 0n) expect(order.zeroForOne ? amount0 : amount1).toBe(order.amountIn);
        else expect(sqrtPriceX96).toBe(order.sqrtPriceLimitX96);
      }
      const end = traded.at(-1);
      expect(driven[i]?.sqrtPriceX96).toBe(end?.sqrtPriceX96 ?? price.sqrtPriceX96);
      if (end !== undefined) expect(driven[i]?.tick).toBe(end.tick);
      price = { sqrtPriceX96: driven[i]?.sqrtPriceX96 ?? 0n, stable: 0 };
    }
    const outside = asked.at(-1)?.swaps[0];
    if (outside?.kind !== 'arbitrage') throw new Error('expected the arbitrage first');
    // The last block's noise (at most 400,000 dollars a swap, 14 bps each) may lie on top of the arbitrageur's 7.5.
    const gapBps = 1e4 * Math.abs(Math.log(Number(outside.priceUsdE6) / 1e6 / (await poolUsd()).usd));
    expect(gapBps).toBeLessThan(25);
  });

  it("mines other people's transactions along, after the market's", async () => {
    const { timestamp } = await latest();
    const operator = privateKeyToAccount(chain.accounts.operator.privateKey);
    let hash: Hex | undefined;
    const seen: DrivenBlock[] = [];
    await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: [amountBlock(Number(timestamp) + 12, 3)],
      beforeBlock: async () => {
        const transfer = { account: operator, to: operator.address, value: 1n, gas: 21_000n };
        hash = await client.sendTransaction({
          ...transfer,
          maxFeePerGas: 10n ** 11n,
          maxPriorityFeePerGas: 3n * 10n ** 9n,
        });
      },
      onBlock: (block) => void seen.push(block),
    });
    if (hash === undefined) throw new Error('expected a transaction');
    expect(seen).toMatchObject([{ swaps: 3, failed: 0, others: 1 }]);
    expect(await client.getTransactionReceipt({ hash })).toMatchObject({
      status: 'success',
      blockNumber: seen[0]?.blockNumber,
      transactionIndex: 3,
    });
  });

  it('counts and reports a swap that reverts, and goes on', async () => {
    const { timestamp } = await latest();
    const { sqrtPriceX96 } = await poolUsd();
    const target = (sqrtPriceX96 * 10_001n) / 10_000n;
    const seen: DrivenBlock[] = [];
    const summary = await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: [
        { timestampS: Number(timestamp) + 12, swaps: [{ kind: 'to-price', sqrtPriceX96: target }] },
        amountBlock(Number(timestamp) + 24, 1),
      ],
      // Somebody pays more and is there first: the pool is past the target when the market's swap comes.
      beforeBlock: async ({ swaps }) => {
        if (swaps[0]?.kind === 'to-price') await frontRun((sqrtPriceX96 * 10_002n) / 10_000n);
      },
      onBlock: (block) => void seen.push(block),
    });
    expect(summary).toMatchObject({ blocks: 2, swaps: 1, failed: 1, ended: 'source' });
    expect(seen).toMatchObject([
      { swaps: 0, failed: 1, others: 1, sqrtPriceX96: (sqrtPriceX96 * 10_002n) / 10_000n },
      { swaps: 1, failed: 0, others: 0 },
    ]);
    const [hash] = seen[0]?.failedTransactions ?? [];
    if (hash === undefined) throw new Error('expected the hash of the failed swap');
    expect((await client.getTransactionReceipt({ hash })).status).toBe('reverted');
  });

  it('says so when the node leaves a swap out of its block', async () => {
    const { timestamp, gasLimit } = await latest();
    // One swap may claim 3 million gas; after the first, no other fits a block of so much.
    await client.setBlockGasLimit({ gasLimit: 3_000_000n });
    const drive = driveMarket({ rpcUrl: chain.rpcUrl, source: [amountBlock(Number(timestamp) + 12, 2)] });
    await expect(drive).rejects.toThrow('was not mined with its block');
    await client.setBlockGasLimit({ gasLimit });
    await client.mine({ blocks: 1 });
  });

  it('keeps to its pace, stops between blocks when told, and gives automatic mining back', async () => {
    const { timestamp, number } = await latest();
    await client.setAutomine(true);
    const stop = new AbortController();
    const startMs = performance.now();
    const summary = await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: firstBlocks(1_000, Number(timestamp) + 12),
      blocksPerSecond: 20,
      signal: stop.signal,
      onBlock: ({ blockNumber }) => {
        if (blockNumber === number + 8n) stop.abort();
      },
    });
    expect(summary).toMatchObject({ blocks: 8, ended: 'signal' });
    // Eight blocks have seven waits of 50 ms between them.
    expect(performance.now() - startMs).toBeGreaterThan(345);
    expect((await latest()).number).toBe(number + 8n);
    expect(await client.getAutomine()).toBe(true);
    await client.setAutomine(false);
  });

  it('funds its traders on a pool whose tokens they do not hold, in the other token order', async () => {
    await client.setAutomine(true);
    const { pool, usdc } = await baseOrderPool();
    await client.setAutomine(false);
    const { timestamp, number } = await latest();
    const summary = await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: firstBlocks(40, Number(timestamp) + 12, 3_030_000_000n),
      blocksPerSecond: unpaced,
      pool: { pool, usdc, weth: addresses.weth },
    });
    expect(summary).toMatchObject({ blocks: 40, failed: 0 });
    expect((await swapLogs(number + 1n, pool)).length).toBe(summary.swaps);
    const described = await describePool(client, { pool, usdc, weth: addresses.weth });
    const { sqrtPriceX96 } = await readPoolPrice(client, described);
    const usd = stablePerVolatile({ sqrtPriceX96, stable: 1, decimals0: 18, decimals1: 6 });
    expect(Math.abs(usd - 3_030)).toBeLessThan(30);
    await expect(describePool(client, { pool, usdc: addresses.usdc, weth: addresses.weth })).rejects.toThrow(
      'expected USDC',
    );
  });
});

const realDay = fileURLToPath(
  new URL('../../../../shared/data/ethereum-usdc-weth-500-2024-01-05.pool-logs.csv', import.meta.url),
);

describe.skipIf(!existsSync(realDay))('driving the pool by the real day (only where ../shared/data is)', () => {
  it('ends every swap on exactly the recorded price, with the recorded times', async () => {
    const { number } = await latest();
    const blocks: RecordedBlock[] = [];
    for await (const block of recordedBlocks(readPoolLogs(realDay))) if (blocks.push(block) === 250) break;
    const recorded = blocks.flatMap(({ events }) => events).filter((event) => event.kind === 'swap');
    expect(recorded.length).toBeGreaterThan(300);
    const seen: DrivenBlock[] = [];
    const summary = await driveMarket({
      rpcUrl: chain.rpcUrl,
      source: recordedMarketBlocks(streamed(blocks)),
      blocksPerSecond: unpaced,
      onBlock: (block) => void seen.push(block),
    });
    expect(summary).toMatchObject({ failed: 0, ended: 'source' });
    const [, ...logs] = await swapLogs(number + 1n);
    expect(summary.swaps).toBe(logs.length + 1);
    expect(logs.length + summary.idle).toBe(recorded.length);
    const trail = recorded.filter(({ sqrtPriceX96 }, i) => sqrtPriceX96 !== recorded[i - 1]?.sqrtPriceX96);
    expect(logs.map(({ args }) => args.sqrtPriceX96)).toEqual(trail.map(({ sqrtPriceX96 }) => sqrtPriceX96));
    expect(logs.map(({ args }) => args.tick)).toEqual(trail.map(({ tick }) => tick));
    const withSwaps = blocks.filter(({ events }) => events.some(({ kind }) => kind === 'swap'));
    const times = seen.slice(1).map(({ timestampS }) => timestampS - summary.shiftS);
    expect(times).toEqual(withSwaps.map(({ timestampS }) => timestampS));
  });
});

function amountBlock(timestampS: number, swaps: number): MarketBlock {
  const buy = { kind: 'amount', side: 'buy-weth', amountUsdE6: 1_000_000_000n } as const;
  return { timestampS, swaps: Array.from({ length: swaps }, () => buy) };
}

async function* streamed(blocks: readonly RecordedBlock[]) {
  yield* blocks;
}

/** The operator swaps to a price, at a fee nobody outbids. */
async function frontRun(sqrtPriceLimitX96: bigint): Promise<void> {
  const account = privateKeyToAccount(chain.accounts.operator.privateKey);
  const order = { zeroForOne: false, amountIn: maxUint256 >> 1n, sqrtPriceLimitX96 };
  const call = routerCall(await describePool(client, usdcWeth), order, account.address);
  await client.setBalance({ address: account.address, value: parseEther('1000000') });
  await client.sendTransaction({
    account,
    ...call,
    gas: 1_000_000n,
    maxFeePerGas: 10n ** 14n,
    maxPriorityFeePerGas: 1n,
  });
}

/** A pool with WETH as token0, as on Base: a stable token is deployed until its address sorts after WETH's. */
async function baseOrderPool(): Promise<{ pool: Address; usdc: Address }> {
  const spec = { name: 'USD Coin', symbol: 'USDC', decimals: 6 };
  let usdc = await deployTestToken(client, spec);
  while (usdc.toLowerCase() < addresses.weth.toLowerCase()) usdc = await deployTestToken(client, spec);
  const { backgroundLp } = chain.accounts;
  await mintTestToken(client, usdc, backgroundLp.address, 10n ** 15n);
  // 3,000 USDC per WETH is 3,000e6 / 1e18 raw; ticks near -196,256.
  const sqrtPriceX96 = BigInt(Math.round(Math.sqrt(3_000 * 1e-12) * 2 ** 96));
  const pool = await createPool(client, { tokenA: addresses.weth, tokenB: usdc, fee: 500, sqrtPriceX96 });
  const range = { tickLower: -198_000, tickUpper: -194_000 };
  const amounts = { amount0Desired: parseEther('100000'), amount1Desired: 3n * 10n ** 14n };
  await openPosition({ rpcUrl: chain.rpcUrl, account: backgroundLp, pool, ...range, ...amounts });
  return { pool, usdc };
}
