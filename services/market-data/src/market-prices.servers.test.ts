import { poolAbi, quoterAbi } from '@rangeward/adapter-evm/abis';
import { chainReader } from '@rangeward/adapter-evm/client';
import { readSwapLogs } from '@rangeward/adapter-evm/swap-logs';
import { marketObserved, runStarted } from '@rangeward/contracts';
import { subtractMod256 } from '@rangeward/uniswap-v3/full-math';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalWorld, openLocalWorld } from '../test/local-world.ts';

let world: LocalWorld;

beforeAll(async () => {
  world = await openLocalWorld();
  await world.startService();
});
afterAll(() => world?.close());

async function observe() {
  const run = world.run();
  await world.bus.publish(
    runStarted,
    { run, triggerId: 't', reason: 'test', requestedBy: null, requestCorrelationId: null },
    { correlationId: run.id },
  );
  const [event] = await world.heard(marketObserved, 1, (data) => data.run.id === run.id);
  if (event === undefined) throw new Error('nothing was observed');
  return event.data.market;
}

test('fees earned recently are what the pool’s own counters grew by since the first trade of the window', async () => {
  for (const tick of [196_300, 196_150, 196_420, 196_300]) await world.tradeTo(tick);
  const market = await observe();
  const reader = chainReader({ name: 'local', settings: world.config().chains.local! });
  const rows = await readSwapLogs(reader, world.pool, 0, market.block.number);
  const first = rows[0]!.blockNumber;
  expect(rows.filter(({ blockNumber }) => blockNumber === first)).toHaveLength(1);
  const growthAt = (blockNumber: number) =>
    Promise.all(
      (['feeGrowthGlobal0X128', 'feeGrowthGlobal1X128'] as const).map((functionName) =>
        world.client.readContract({
          ...{ address: world.pool, abi: poolAbi, functionName, blockNumber: BigInt(blockNumber) },
        }),
      ),
    );
  const [before, after] = [await growthAt(first), await growthAt(market.block.number)];
  const { recentFees, pool } = market;
  for (const [index, growth] of [recentFees!.growth0X128, recentFees!.growth1X128].entries()) {
    const grown = subtractMod256(after[index]!, before[index]!);
    expect(grown).toBeGreaterThan(0n);
    expect(Math.abs(Number(growth) / Number(grown) - 1)).toBeLessThan(1e-6);
  }
  expect(recentFees!.windowS).toBeLessThanOrEqual(86_400);
  expect(pool.feeProtocol0).toBe(pool.feeProtocol1);
});

test('swaps are quoted at the block, half and all of what is held of each token', async () => {
  const { position, pool, swapQuotes, block } = await observe();
  const [all0, all1] = [position.amount0 + position.fees0, position.amount1 + position.fees1];
  expect(swapQuotes?.map(({ zeroForOne, amountIn }) => [zeroForOne, amountIn])).toEqual([
    [true, all0 / 2n],
    [true, all0],
    [false, all1 / 2n],
    [false, all1],
  ]);
  for (const { zeroForOne, amountIn, amountOut } of swapQuotes!) {
    const [tokenIn, tokenOut] = zeroForOne ? [pool.token0, pool.token1] : [pool.token1, pool.token0];
    const { result } = await world.client.simulateContract({
      ...{ address: world.chain.addresses.quoterV2, abi: quoterAbi, functionName: 'quoteExactInputSingle' },
      args: [
        {
          ...{ tokenIn: tokenIn.address as `0x${string}`, tokenOut: tokenOut.address as `0x${string}` },
          ...{ amountIn, fee: pool.feePips, sqrtPriceLimitX96: 0n },
        },
      ],
      blockNumber: BigInt(block.number),
    });
    expect(amountOut).toBe(result[0]);
  }
});

test('of a token that is not held nothing is quoted', async () => {
  await world.tradeTo(world.position.tickUpper + 200);
  const { swapQuotes, position } = await observe();
  expect(position.inRange).toBe(false);
  // Only uncollected fees are left of token0.
  expect(position.amount0).toBe(0n);
  expect(swapQuotes?.filter(({ zeroForOne }) => zeroForOne).map(({ amountIn }) => amountIn)).toEqual(
    [position.fees0 / 2n, position.fees0].filter((amount) => amount > 0n),
  );
});
