import { positionManagerAbi, swapRouter02Abi, swapRouterAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { splitMarker } from '@rangeward/adapter-evm/encode-marker';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import type { Plan } from '@rangeward/contracts';
import {
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { computeSwapStep } from '@rangeward/uniswap-v3/swap-math';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import fc from 'fast-check';
import { type Address, decodeFunctionData, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { samplePlan, sampleWallet } from '../test/sample-plan.ts';
import { nextStep, type PoolNow, type Site, type Step, tokenOf } from './plan-steps.ts';
import { type DoneStep, factsNamed, holdings, type StepFacts, stepNumbers } from './step-facts.ts';
import { summariseTrade } from './summarise-trade.ts';

const { positionManager, swapRouter, routerKind } = knownChains.local;
const site: Site = { positionManager, swapRouter, routerKind, wallet: sampleWallet };
const blockTimeS = 1_767_571_200n;

/** What the contracts would answer to a step, by the same arithmetic as theirs. */
function perform(plan: Plan, step: Step, done: readonly DoneStep[], pool: PoolNow, fees: bigint): StepFacts {
  if (step.name === 'withdraw' || step.name === 'collect') {
    const principal =
      step.name === 'withdraw'
        ? amountsForLiquidityRoundingDown({ ...plan.position, sqrtPriceX96: pool.sqrtPriceX96 })
        : { amount0: 0n, amount1: 0n };
    return { kind: 'withdrawn', principal, fees: { amount0: fees, amount1: fees * 10n ** 9n } };
  }
  if (step.name === 'swap') {
    const { tokenIn, amountIn } = swapOf(step);
    const zeroForOne = tokenIn.toLowerCase() === tokenOf(plan, 0);
    const limit = getSqrtRatioAtTick(zeroForOne ? -800_000 : 800_000);
    const moved = computeSwapStep(pool.sqrtPriceX96, limit, pool.liquidity, amountIn, plan.market.pool.feePips);
    return {
      kind: 'swapped',
      zeroForOne,
      amountIn,
      amountOut: moved.amountOut,
      sqrtPriceAfterX96: moved.sqrtRatioNextX96,
    };
  }
  if (step.name === 'mint') {
    const held = holdings(done);
    const at = {
      tickLower: plan.target!.tickLower,
      tickUpper: plan.target!.tickUpper,
      sqrtPriceX96: pool.sqrtPriceX96,
    };
    const liquidity = liquidityForAmounts({ ...at, ...held });
    return { kind: 'minted', tokenId: 8n, liquidity, amounts: amountsForLiquidityRoundingUp({ ...at, liquidity }) };
  }
  const { args } = decodeFunctionData({ abi: tokenAbi, data: step.call.data });
  const [spender, amount] = args as readonly [Address, bigint];
  return { kind: 'approved', token: step.call.to, spender: spender.toLowerCase() as Address, amount };
}

function swapOf(step: Step) {
  const { body } = splitMarker(step.call.data)!;
  const { args } = decodeFunctionData({ abi: swapRouterAbi, data: body });
  return args[0];
}

/** Takes every step of a plan. */
function takeAll(plan: Plan, fees = 0n): { done: DoneStep[]; steps: Step[]; pool: PoolNow } {
  const done: DoneStep[] = [];
  const steps: Step[] = [];
  let pool: PoolNow = { sqrtPriceX96: plan.market.pool.sqrtPriceX96, liquidity: plan.market.pool.liquidity };
  for (;;) {
    const step = nextStep({ plan, done, pool, site, blockTimeS });
    if (step === null) return { done, steps, pool };
    expect(done.length).toBeLessThan(10);
    const facts = perform(plan, step, done, pool, fees);
    if (facts.kind === 'swapped') pool = { ...pool, sqrtPriceX96: facts.sqrtPriceAfterX96 };
    done.push({ name: step.name, facts });
    steps.push(step);
  }
}

const decodeManager = (data: Hex) => decodeFunctionData({ abi: positionManagerAbi, data: splitMarker(data)!.body });

describe('the order of steps', () => {
  test('a position wholly in one token is withdrawn, half of it swapped, and minted around the price', () => {
    const { steps } = takeAll(samplePlan());
    expect(steps.map((step) => step.name)).toEqual(
      expect.arrayContaining(['withdraw', 'approve-router', 'swap', 'approve-manager-token0', 'mint']),
    );
    const numbers = steps.map((step) => stepNumbers[step.name]);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('price above the range sells token1, price below sells token0', () => {
    const above = factsNamed(takeAll(samplePlan({ tick: 196_250 })).done, 'swapped');
    const target = { tickLower: 194_250, tickUpper: 195_250 };
    const below = factsNamed(
      takeAll(samplePlan({ tick: 194_750, tickLower: 195_000, tickUpper: 196_000, target })).done,
      'swapped',
    );
    expect(above?.zeroForOne).toBe(false);
    expect(below?.zeroForOne).toBe(true);
  });

  test('what fits the new range is not swapped', () => {
    const plan = samplePlan({ tick: 196_250, target: { tickLower: 195_200, tickUpper: 196_200 } });
    const names = takeAll(plan).steps.map((step) => step.name);
    expect(names).toEqual(['withdraw', 'approve-manager-token1', 'mint', ...names.slice(3)]);
    expect(names).not.toContain('swap');
  });

  test('collecting is one transaction', () => {
    const { steps } = takeAll(samplePlan({ target: null }));
    expect(steps.map((step) => step.name)).toEqual(['collect']);
    const { functionName, args } = decodeManager(steps[0]!.call.data);
    expect(functionName).toBe('collect');
    expect(args?.[0]).toMatchObject({ tokenId: 7n, amount0Max: 2n ** 128n - 1n });
  });

  test('once the manager is approved, a price that moved asks for no second swap', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const untilApproved = done.slice(
      0,
      done.findIndex((step) => step.name === 'mint'),
    );
    const sqrtPriceX96 = getSqrtRatioAtTick(196_300);
    const step = nextStep({ plan, done: untilApproved, pool: { sqrtPriceX96, liquidity: 1n }, site, blockTimeS });
    expect(step?.name).toBe('mint');
  });
});

describe('what the steps say', () => {
  test('the withdrawal takes all, collects to the wallet, burns nothing, and is marked', () => {
    const plan = samplePlan();
    const step = nextStep({ plan, done: [], pool: poolOf(plan), site, blockTimeS })!;
    const { body, marker } = splitMarker(step.call.data)!;
    expect(marker).toEqual({ planId: plan.planId, step: 0 });
    const { args } = decodeFunctionData({ abi: positionManagerAbi, data: body });
    const inner = (args as readonly [readonly Hex[]])[0].map((data) =>
      decodeFunctionData({ abi: positionManagerAbi, data }),
    );
    expect(inner.map((call) => call.functionName)).toEqual(['decreaseLiquidity', 'collect']);
    expect(inner[0]?.args?.[0]).toMatchObject({ liquidity: plan.position.liquidity, deadline: blockTimeS + 300n });
  });

  test('what the router did not use is taken back', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const partial = done.map((step) =>
      step.facts.kind === 'swapped' ? { ...step, facts: { ...step.facts, amountIn: step.facts.amountIn - 5n } } : step,
    );
    const untilMint = partial.slice(0, partial.findIndex((step) => step.name === 'mint') + 1);
    const step = nextStep({ plan, done: untilMint, pool: poolOf(plan), site, blockTimeS })!;
    expect(step.name).toBe('reset-router');
    expect(decodeFunctionData({ abi: tokenAbi, data: step.call.data }).args).toEqual([expect.anything(), 0n]);
  });

  test('on SwapRouter02 the deadline goes into multicall', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const untilSwap = done.slice(0, 2);
    const on02: Site = { ...site, swapRouter: knownChains.base.swapRouter, routerKind: 'swap-router-02' };
    const step = nextStep({ plan, done: untilSwap, pool: poolOf(plan), site: on02, blockTimeS })!;
    const { functionName, args } = decodeFunctionData({
      abi: swapRouter02Abi,
      data: splitMarker(step.call.data)!.body,
    });
    expect(functionName).toBe('multicall');
    const [deadline, inner] = args as readonly [bigint, readonly Hex[]];
    expect(deadline).toBe(blockTimeS + 300n);
    const swap = decodeFunctionData({ abi: swapRouter02Abi, data: inner[0]! });
    expect(swap.args?.[0]).toMatchObject({ fee: 500, recipient: expect.stringMatching(/^0xf39f/i) });
  });
});

describe('whatever the plan', () => {
  const plans = fc
    .record({
      tick: fc.integer({ min: 190_000, max: 200_000 }),
      lower: fc.integer({ min: -120, max: 120 }),
      width: fc.integer({ min: 2, max: 150 }),
      targetLower: fc.integer({ min: -100, max: 40 }),
      targetWidth: fc.integer({ min: 2, max: 150 }),
      liquidity: fc.bigInt({ min: 10n ** 14n, max: 10n ** 18n }),
      stable: fc.constantFrom(0 as const, 1 as const),
    })
    .map((of) => {
      const base = Math.floor(of.tick / 10);
      const tickLower = (base + of.lower) * 10;
      const targetLower = (base + of.targetLower) * 10;
      return samplePlan({
        tick: of.tick,
        tickLower,
        tickUpper: tickLower + of.width * 10,
        liquidity: of.liquidity,
        stable: of.stable,
        target: { tickLower: targetLower, tickUpper: targetLower + of.targetWidth * 10 },
      });
    });

  test('nothing is made or lost, to the wei, and little is left over', () => {
    fc.assert(
      fc.property(plans, fc.bigInt({ min: 0n, max: 10n ** 6n }), (plan, fees) => {
        const { done, pool } = takeAll(plan, fees);
        const trade = summariseTrade({
          plan,
          mode: 'live',
          outcome: 'confirmed',
          reason: '',
          checks: [],
          done,
          transactions: [],
          gasWei: 0n,
          priceBeforeSwapX96: plan.market.pool.sqrtPriceX96,
          priceAfterX96: pool.sqrtPriceX96,
        });
        const { withdrawn, fees: paid, swap, minted, leftover } = trade;
        const sold = {
          amount0: swap?.zeroForOne ? swap.amountIn : 0n,
          amount1: swap && !swap.zeroForOne ? swap.amountIn : 0n,
        };
        const bought = {
          amount0: swap && !swap.zeroForOne ? swap.amountOut : 0n,
          amount1: swap?.zeroForOne ? swap.amountOut : 0n,
        };
        for (const token of ['amount0', 'amount1'] as const) {
          expect(withdrawn![token] + paid![token] - sold[token] + bought[token]).toBe(
            minted![token] + leftover![token],
          );
        }
        const value = trade.valueAfterUsdE6!;
        const price = pool.sqrtPriceX96;
        const left =
          plan.market.pool.stable === 0
            ? leftover!.amount0 + (leftover!.amount1 << 192n) / (price * price)
            : leftover!.amount1 + ((leftover!.amount0 * price * price) >> 192n);
        expect(Number(left)).toBeLessThanOrEqual(value * 0.0025 + 10);
      }),
      { numRuns: 60 },
    );
  });

  test('the same question has the same answer', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const ask = () => nextStep({ plan, done: [], pool: poolOf(plan), site, blockTimeS });
        expect(ask()).toEqual(ask());
      }),
      { numRuns: 20 },
    );
  });
});

function poolOf(plan: Plan): PoolNow {
  return { sqrtPriceX96: plan.market.pool.sqrtPriceX96, liquidity: plan.market.pool.liquidity };
}
