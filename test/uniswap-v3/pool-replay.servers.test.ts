import { addresses } from '@rangeward/localnet/addresses';
import type { Anvil } from '@rangeward/localnet/anvil';
import type { LocalClient } from '@rangeward/localnet/local-client';
import { computeSwap, type SwapOrder } from '@rangeward/uniswap-v3/pool-swap';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { decodeFunctionResult, encodeFunctionData } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  amountUpTo,
  between,
  changeLiquidity,
  GAS,
  type Market,
  type MarketKind,
  openBasePosition,
  openMarket,
  switchProtocolFee,
  tradeBatch,
} from './chain-market.ts';
import { compareStorage } from './compare-storage.ts';
import { multicallAbi, quoterAbi } from './contract-abis.ts';
import { startUniswapChain } from './uniswap-chain.ts';

// Random mints, burns, swaps and collects through the real contracts, each event and afterwards the whole storage compared
// with the replay to the wei. The tokens' decimals stand either way round, as USDC/WETH does on Ethereum and on Base.

const kinds: MarketKind[] = [
  {
    name: 'stable token0, 0.05 %, protocol fee on',
    fee: 500,
    spacing: 10,
    decimals: [6, 18],
    tick: 196_256,
    feeProtocol: 0x44,
  },
  {
    name: 'stable token1, 0.3 %, protocol fee off',
    fee: 3000,
    spacing: 60,
    decimals: [18, 6],
    tick: -196_256,
    feeProtocol: 0,
  },
  {
    name: 'near par, 0.01 %, protocol fee of unequal sides',
    fee: 100,
    spacing: 1,
    decimals: [18, 18],
    tick: -7,
    feeProtocol: 0xa6,
  },
];

async function compareMarket(market: Market): Promise<void> {
  await compareStorage(market.client, market.address, market.pool);
  expect(market.follower).toEqual(market.pool);
}

/** QuoterV2's answers for random orders on this very state, a hundred to a call. */
async function compareQuotes(market: Market, count: number): Promise<void> {
  const orders = Array.from({ length: count }, (): SwapOrder => {
    const amount = amountUpTo(market.random, 75);
    const zeroForOne = market.random() < 0.5;
    const away = between(market.random, 1, 900);
    const sqrtPriceLimitX96 = getSqrtRatioAtTick(market.pool.tick + (zeroForOne ? -away : away + 1));
    return { zeroForOne, amountSpecified: market.random() < 0.5 ? amount : -amount, sqrtPriceLimitX96 };
  });
  const calls = orders.map((order) => {
    const [tokenIn, tokenOut] = order.zeroForOne ? [market.token0, market.token1] : [market.token1, market.token0];
    const rest = { tokenIn, tokenOut, fee: market.fee, sqrtPriceLimitX96: order.sqrtPriceLimitX96 ?? 0n };
    const callData =
      order.amountSpecified > 0n
        ? encodeFunctionData({
            abi: quoterAbi,
            functionName: 'quoteExactInputSingle',
            args: [{ ...rest, amountIn: order.amountSpecified }],
          })
        : encodeFunctionData({
            abi: quoterAbi,
            functionName: 'quoteExactOutputSingle',
            args: [{ ...rest, amount: -order.amountSpecified }],
          });
    return { target: addresses.quoterV2, allowFailure: true, callData };
  });
  const { result } = await market.client.simulateContract({
    address: addresses.multicall3,
    abi: multicallAbi,
    functionName: 'aggregate3',
    args: [calls],
    gas: GAS,
  });
  let compared = 0;
  result.forEach(({ success, returnData }, at) => {
    const order = orders[at];
    if (order === undefined || order.sqrtPriceLimitX96 === market.pool.sqrtPriceX96) return;
    const mine = computeSwap(market.pool, order);
    // The quoter refuses a swap without input, as the router does.
    expect(success).toBe(mine.amount0 > 0n || mine.amount1 > 0n);
    if (!success) return;
    // Both quotes answer in the same shape.
    const [amount, after] = decodeFunctionResult({
      abi: quoterAbi,
      functionName: 'quoteExactInputSingle',
      data: returnData,
    });
    const other = order.zeroForOne === order.amountSpecified > 0n ? mine.amount1 : mine.amount0;
    expect([amount, after]).toEqual([order.amountSpecified > 0n ? -other : other, mine.sqrtPriceX96]);
    compared++;
  });
  market.quotes += compared;
}

describe('the replay against the real contracts', () => {
  let anvil: Anvil;
  let client: LocalClient;

  beforeAll(async () => {
    ({ anvil, client } = await startUniswapChain());
  });
  afterAll(() => anvil?.stop());

  it.each(kinds)('$name: every event and all storage agree to the wei', async (kind) => {
    const market = await openMarket(client, kind, kind.fee);
    await openBasePosition(market);
    await switchProtocolFee(market, kind.feeProtocol);
    for (let round = 0; round < 50; round++) {
      await changeLiquidity(market);
      await tradeBatch(market, 30);
      await compareQuotes(market, 40);
      if (round % 10 === 0) await compareMarket(market);
    }
    await compareMarket(market);
    expect(market.pool.ticks.size).toBeGreaterThan(20);
    expect(market.swaps).toBe(1500);
    expect(market.quotes).toBeGreaterThan(1000);
  });
});
