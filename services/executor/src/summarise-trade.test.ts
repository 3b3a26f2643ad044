import { AssertionError } from 'node:assert';
import { parseData, tradeExecuted } from '@rangeward/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { samplePlan } from '../test/sample-plan.ts';
import type { DoneStep } from './step-facts.ts';
import { summariseTrade, type TradeFacts } from './summarise-trade.ts';

// At tick 0 a wei of token0 is a wei of token1, which keeps the sums below readable.
const plan = samplePlan({ tick: 0, tickLower: -1000, tickUpper: -10, target: { tickLower: -500, tickUpper: 500 } });
const parity = 1n << 96n;
const withdraw: DoneStep = {
  name: 'withdraw',
  facts: {
    kind: 'withdrawn',
    principal: { amount0: 0n, amount1: 1_000_000n },
    fees: { amount0: 70n, amount1: 30n },
  },
};
const swap: DoneStep = {
  name: 'swap',
  facts: { kind: 'swapped', zeroForOne: false, amountIn: 500_000n, amountOut: 499_700n, sqrtPriceAfterX96: parity },
};
const mint: DoneStep = {
  name: 'mint',
  facts: { kind: 'minted', tokenId: 8n, liquidity: 10n ** 7n, amounts: { amount0: 499_770n, amount1: 499_700n } },
};
const base: TradeFacts = {
  plan,
  mode: 'live',
  outcome: 'confirmed',
  reason: 'done',
  checks: [],
  done: [withdraw, swap, mint],
  transactions: [],
  gasWei: 10n ** 15n + 1n,
  priceBeforeSwapX96: parity,
  priceAfterX96: parity,
};

test('a whole rebalance adds up, and goes on the wire', () => {
  const trade = summariseTrade(base);
  expect(trade).toMatchObject({
    tokenIdBefore: 7n,
    tokenIdAfter: 8n,
    tickLower: -500,
    tickUpper: 500,
    liquidityAfter: 10n ** 7n,
    leftover: { amount0: 0n, amount1: 330n },
    swap: { zeroForOne: false, amountIn: 500_000n, amountOut: 499_700n },
    feesUsdE6: 100,
    swapCostUsdE6: 300,
    gasUsdE6: 3_000_001,
    valueBeforeUsdE6: plan.market.position.valueUsdE6,
  });
  expect(parseData(tradeExecuted, z.encode(tradeExecuted.schema, trade))).toEqual(trade);
});

test('value after is the new position and the leftover, both rounded down', () => {
  const trade = summariseTrade(base);
  // Liquidity 10^7 over 500 ticks to either side of parity holds 246,888.9… of each token.
  expect(trade.valueAfterUsdE6).toBe(246_888 * 2 + 330);
});

describe('where everything lies', () => {
  test('stopped after the withdrawal: no NFT is live, the tokens are in the wallet', () => {
    const trade = summariseTrade({ ...base, outcome: 'reverted', done: [withdraw] });
    expect(trade).toMatchObject({
      tokenIdAfter: null,
      tickLower: null,
      liquidityAfter: null,
      minted: null,
      leftover: { amount0: 70n, amount1: 1_000_030n },
      valueAfterUsdE6: 1_000_100,
    });
  });

  test('refused: the old NFT stays as it was and nothing is told of amounts', () => {
    const trade = summariseTrade({ ...base, outcome: 'refused', done: [], gasWei: 0n });
    expect(trade).toMatchObject({ tokenIdAfter: 7n, tickLower: -1000, withdrawn: null, leftover: null, gasUsdE6: 0 });
    expect(trade.valueAfterUsdE6).toBeNull();
  });

  test('simulated: the old NFT stays live, the range and the amounts are those that would have been', () => {
    const trade = summariseTrade({ ...base, mode: 'paper', outcome: 'simulated' });
    expect(trade).toMatchObject({ tokenIdAfter: 7n, tickLower: -500, liquidityAfter: 10n ** 7n });
    expect(trade.minted).not.toBeNull();
  });

  test('collected: the position stays and the fees are the leftover', () => {
    const facts = {
      kind: 'withdrawn',
      principal: { amount0: 0n, amount1: 0n },
      fees: { amount0: 70n, amount1: 30n },
    } as const;
    const collecting = samplePlan({ tick: 0, tickLower: -1000, tickUpper: -10, target: null });
    const trade = summariseTrade({ ...base, plan: collecting, done: [{ name: 'collect', facts }] });
    expect(trade).toMatchObject({ tokenIdAfter: 7n, leftover: { amount0: 70n, amount1: 30n }, minted: null });
  });
});

test('more minted than this plan brought is a broken invariant', () => {
  const facts = { kind: 'minted', tokenId: 8n, liquidity: 1n, amounts: { amount0: 499_771n, amount1: 0n } } as const;
  expect(() => summariseTrade({ ...base, done: [withdraw, swap, { name: 'mint', facts }] })).toThrow(AssertionError);
});

test('costs round up: half a wei of value lost is a whole one', () => {
  const price = parity + (parity >> 10n);
  const trade = summariseTrade({ ...base, priceBeforeSwapX96: price });
  const exactIn = (500_000 * 1024 * 1024) / (1025 * 1025);
  expect(trade.swapCostUsdE6).toBe(Math.ceil(exactIn) - 499_700);
});
