import { positionManagerAbi, swapRouter02Abi, swapRouterAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { splitMarker } from '@rangeward/adapter-evm/encode-marker';
import { knownChains } from '@rangeward/adapter-evm/known-chains';
import type { Plan } from '@rangeward/contracts';
import {
  type Amounts,
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
  swapToRatio,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { quoteToken1InToken0RoundingDown, valueInToken1RoundingDown } from '@rangeward/uniswap-v3/price';
import { computeSwapStep } from '@rangeward/uniswap-v3/swap-math';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import fc from 'fast-check';
import { type Address, decodeFunctionData, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { samplePlan, sampleWallet } from '../test/sample-plan.ts';
import { mostForManager, mostForRouter } from './approval-bounds.ts';
import { nextStep, type PoolNow, type Site, type Step, tokenOf } from './plan-steps.ts';
import { type DoneStep, factsNamed, holdings, type StepFacts, type StepName, stepNumbers } from './step-facts.ts';
import { summariseTrade } from './summarise-trade.ts';
import { targetNow } from './target-now.ts';

const { positionManager, swapRouter, routerKind } = knownChains.local;
const site: Site = { positionManager, swapRouter, routerKind, wallet: sampleWallet };
const blockTimeS = 1_767_571_200n;

/** What the contracts would answer to a step, by the same arithmetic as theirs. */
function perform(plan: Plan, step: Step, pool: PoolNow, fees: bigint): StepFacts {
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
    const at = {
      tickLower: plan.target!.tickLower,
      tickUpper: plan.target!.tickUpper,
      sqrtPriceX96: pool.sqrtPriceX96,
    };
    const liquidity = liquidityForAmounts({ ...at, ...desiredBy(step) });
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

function desiredBy(step: Step): Amounts {
  const { functionName, args } = decodeManager(step.call.data);
  if (functionName !== 'mint') throw new Error(`${functionName} is no mint`);
  const [{ amount0Desired, amount1Desired }] = args;
  return { amount0: amount0Desired, amount1: amount1Desired };
}

function moved(pool: PoolNow, ticks: number): PoolNow {
  return { ...pool, sqrtPriceX96: (pool.sqrtPriceX96 * getSqrtRatioAtTick(ticks)) >> 96n };
}

type Course = { readonly fees?: bigint; readonly driftTicks?: number };

/** Takes every step of a plan; after each the block is over, in which others moved the price by so many ticks. */
function takeAll(plan: Plan, { fees = 0n, driftTicks = 0 }: Course = {}): TakenSteps {
  const done: DoneStep[] = [];
  const steps: Step[] = [];
  let pool: PoolNow = { sqrtPriceX96: plan.market.pool.sqrtPriceX96, liquidity: plan.market.pool.liquidity };
  for (;;) {
    const step = nextStep({ plan, done, pool, site, blockTimeS });
    if (step === null) return { done, steps, pool };
    expect(done.length).toBeLessThan(11);
    const facts = perform(plan, step, pool, fees);
    if (facts.kind === 'swapped') pool = { ...pool, sqrtPriceX96: facts.sqrtPriceAfterX96 };
    if (driftTicks !== 0) pool = moved(pool, driftTicks);
    done.push({ name: step.name, facts });
    steps.push(step);
  }
}

type TakenSteps = { done: DoneStep[]; steps: Step[]; pool: PoolNow };

const decodeManager = (data: Hex) => decodeFunctionData({ abi: positionManagerAbi, data: splitMarker(data)!.body });

describe('the order of steps', () => {
  test('approvals first, then the swap and right after it the mint, then the approvals back', () => {
    const { steps } = takeAll(samplePlan());
    expect(steps.map((step) => step.name)).toEqual([
      'withdraw',
      'approve-manager-token0',
      'approve-manager-token1',
      'approve-router',
      'swap',
      'mint',
      'reset-router',
      'reset-manager-token0',
      'reset-manager-token1',
    ]);
    for (const step of steps.filter(({ name }) => !/^(approve|reset)-/.test(name))) {
      expect(splitMarker(step.call.data)?.marker.step).toBe(stepNumbers[step.name]);
    }
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
    expect(names).toEqual([
      'withdraw',
      'approve-manager-token0',
      'approve-manager-token1',
      'mint',
      'reset-manager-token0',
      'reset-manager-token1',
    ]);
  });

  test('near an end of the range even a little that is missing is swapped for: without it much would be left idle', () => {
    const old = { tickLower: 191_170, tickUpper: 191_390, liquidity: 10n ** 14n };
    const plan = samplePlan({ tick: 191_166, ...old, target: { tickLower: 191_160, tickUpper: 191_430 } });
    const { done, pool } = takeAll(plan, { fees: 339_433n });
    const held = holdings(until(done, 'swap'));
    const sold = factsNamed(done, 'swapped')!.amountIn;
    expect(share({ amount0: sold, amount1: 0n }, held, pool.sqrtPriceX96)).toBeLessThan(0.001);
    expect(share(holdings(done), held, pool.sqrtPriceX96)).toBeLessThan(0.0025);
  });

  test('an exit is the withdrawal and nothing after it', () => {
    const plan = samplePlan({ target: null, change: (made) => ({ ...made, kind: 'exit' }) });
    expect(takeAll(plan).steps.map((step) => step.name)).toEqual(['withdraw']);
  });

  test('where the plan allows no swap, what is held is minted as it is, and neither token nor router is approved beyond it', () => {
    const change = (made: Omit<Plan, 'planId'>) => ({ ...made, swap: 'none' as const });
    const plan = samplePlan({ target: { tickLower: 195_840, tickUpper: 196_240 }, change });
    const { steps, done } = takeAll(plan);
    expect(steps.map((step) => step.name)).toEqual([
      'withdraw',
      'approve-manager-token1',
      'mint',
      'reset-manager-token1',
    ]);
    const held = holdings(until(done, 'approve-manager-token1'));
    expect(mostForManager(plan, until(done, 'mint'))).toEqual(held);
    expect(mostForRouter(plan, done)).toEqual({ amount0: 0n, amount1: 0n });
  });

  test.each([
    ['ahead of a price that ran into it', { tickLower: 195_780, tickUpper: 196_180 }, -63],
    ['where it was planned, of a price that went the other way', { tickLower: 195_840, tickUpper: 196_240 }, 60],
  ])('a range beside the price lies %s', (_, range, ticks) => {
    const change = (made: Omit<Plan, 'planId'>) => ({ ...made, swap: 'none' as const });
    const plan = samplePlan({ target: { tickLower: 195_840, tickUpper: 196_240 }, change });
    const done = until(takeAll(plan).done, 'mint');
    const step = nextStep({ plan, done, pool: moved(poolOf(plan), ticks), site, blockTimeS })!;
    const { args } = decodeManager(step.call.data);
    expect(args?.[0]).toMatchObject(range);
  });

  test('a range around the price stays where it was planned, wherever the price goes', () => {
    const change = (made: Omit<Plan, 'planId'>) => ({ ...made, swap: 'none' as const });
    const target = { tickLower: 195_800, tickUpper: 196_260 };
    const plan = samplePlan({ target, change });
    expect(targetNow(plan, moved(poolOf(plan), 90).sqrtPriceX96)).toEqual(target);
    expect(targetNow(samplePlan({ target: { tickLower: 195_840, tickUpper: 196_240 } }), 1n << 96n)).toEqual({
      ...{ tickLower: 195_840, tickUpper: 196_240 },
    });
  });

  test('collecting is one transaction', () => {
    const { steps } = takeAll(samplePlan({ target: null }));
    expect(steps.map((step) => step.name)).toEqual(['collect']);
    const { functionName, args } = decodeManager(steps[0]!.call.data);
    expect(functionName).toBe('collect');
    expect(args?.[0]).toMatchObject({ tokenId: 7n, amount0Max: 2n ** 128n - 1n });
  });

  test('the swap is sized by the price at its own moment', () => {
    const { done } = takeAll(samplePlan());
    const plan = samplePlan();
    const ask = (ticks: number) =>
      nextStep({ plan, done: until(done, 'swap'), pool: moved(poolOf(plan), ticks), site, blockTimeS })!;
    const [now, later] = [ask(0), ask(40)];
    expect([now.name, later.name]).toEqual(['swap', 'swap']);
    // The dearer token1 gets against token0, the less of it the range takes.
    expect(swapOf(now).amountIn).not.toBe(swapOf(later).amountIn);
    expect(swapOf(now).amountIn).toBe(swapOf(ask(0)).amountIn);
  });

  test('a price that moved after the swap asks for no second one', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const pool = moved(poolOf(plan), 50);
    expect(nextStep({ plan, done: until(done, 'mint'), pool, site, blockTimeS })?.name).toBe('mint');
  });

  test('when the price turned so that the other token is too much, nothing is swapped and the router’s approval goes back', () => {
    const plan = samplePlan();
    const done = until(takeAll(plan).done, 'swap');
    // Above the range it takes token1 alone, and token1 is all that is held.
    const above = { ...poolOf(plan), sqrtPriceX96: getSqrtRatioAtTick(196_800) };
    const step = nextStep({ plan, done, pool: above, site, blockTimeS })!;
    expect(step.name).toBe('mint');
    const minted: StepFacts = { kind: 'minted', tokenId: 8n, liquidity: 1n, amounts: desiredBy(step) };
    const back = nextStep({ plan, done: [...done, { name: 'mint', facts: minted }], pool: above, site, blockTimeS });
    expect(back).toMatchObject({ name: 'reset-router', call: { to: tokenOf(plan, 1) } });
  });

  test('a plan that stops takes its approvals back and does nothing else, whoever goes on with it', () => {
    const plan = samplePlan();
    const done = until(takeAll(plan).done, 'swap');
    const names: string[] = [];
    // Only the first question says that the plan stops; the others see it by what was done.
    for (let step = ask(true); step !== null; step = ask(false)) {
      names.push(step.name);
      done.push({ name: step.name, facts: perform(plan, step, poolOf(plan), 0n) });
    }
    expect(names).toEqual(['reset-router', 'reset-manager-token0', 'reset-manager-token1']);
    expect(nextStep({ plan, done: [], pool: poolOf(plan), site, blockTimeS, ending: true })).toBeNull();
    function ask(ending: boolean) {
      return nextStep({ plan, done, pool: poolOf(plan), site, blockTimeS, ending });
    }
  });
});

describe('when the price moves in every block', () => {
  const range = { tickLower: 196_170, tickUpper: 196_330 };

  /** What is left over, as a share of all, of a plan whose swap was sized so many blocks before its mint. */
  function leftWhenSizedBefore(plan: Plan, blocks: number, driftTicks: number): number {
    const { done } = takeAll(plan, { driftTicks });
    const after = { ...range, ...holdings(until(done, 'approve-manager-token0')) };
    const pool = moved(poolOf(plan), driftTicks);
    const sized = swapToRatio({ ...after, ...pool, feePips: 500, activeLiquidity: pool.liquidity });
    const { sqrtPriceX96 } = moved({ ...pool, sqrtPriceX96: sized.sqrtPriceAfterX96 }, driftTicks * blocks);
    const { amount0, amount1 } = sized;
    const liquidity = liquidityForAmounts({ ...range, amount0, amount1, sqrtPriceX96 });
    const used = amountsForLiquidityRoundingUp({ ...range, liquidity, sqrtPriceX96 });
    const left = { amount0: amount0 - used.amount0, amount1: amount1 - used.amount1 };
    return share(left, { amount0, amount1 }, sqrtPriceX96);
  }

  test.each([5, -5])(
    '%i ticks a block leave little of a narrow range idle; sized four blocks before it was a fifth',
    (driftTicks) => {
      const plan = samplePlan({ target: range });
      const { done, pool } = takeAll(plan, { driftTicks });
      expect(done.map(({ name }) => name).slice(4, 6)).toEqual(['swap', 'mint']);
      const all = holdings(until(done, 'mint'));
      const left = share(holdings(done), all, pool.sqrtPriceX96);
      expect(left).toBeLessThan(0.06);
      expect(leftWhenSizedBefore(plan, 4, driftTicks)).toBeGreaterThan(0.17);
    },
  );

  test('a swap that brings more than was foreseen mints what the manager may take, and no more', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const lucky = until(done, 'mint').map((step) =>
      step.facts.kind === 'swapped'
        ? { ...step, facts: { ...step.facts, amountOut: step.facts.amountOut * 3n } }
        : step,
    );
    const approved = done.find(({ name }) => name === 'approve-manager-token0')?.facts;
    const step = nextStep({ plan, done: lucky, pool: poolOf(plan), site, blockTimeS })!;
    expect(desiredBy(step).amount0).toBe(approved?.kind === 'approved' && approved.amount);
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

  test('approvals are bounded: the router by what is held, the manager by that and the best price of the band', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const amounts = new Map(done.map(({ name, facts }) => [name, facts.kind === 'approved' ? facts.amount : null]));
    const { amount0, amount1 } = holdings(until(done, 'swap'));
    expect(amount0).toBe(0n);
    expect(amounts.get('approve-router')).toBe(amount1);
    expect(amounts.get('approve-manager-token1')).toBe(amount1);
    const atPrice = quoteToken1InToken0RoundingDown(plan.market.pool.sqrtPriceX96, amount1);
    expect(amounts.get('approve-manager-token0')).toBeGreaterThan(atPrice);
    expect(amounts.get('approve-manager-token0')).toBeLessThan((atPrice * 1006n) / 1000n);
  });

  test('on SwapRouter02 the deadline goes into multicall', () => {
    const plan = samplePlan();
    const { done } = takeAll(plan);
    const untilSwap = until(done, 'swap');
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

  test('nothing is made or lost, to the wei', () => {
    fc.assert(
      fc.property(plans, fc.bigInt({ min: 0n, max: 10n ** 6n }), (plan, fees) => {
        const { done, pool } = takeAll(plan, { fees });
        expect(approvalsLeft(done)).toEqual([]);
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

/** The steps before the first of that name. */
function until(done: readonly DoneStep[], name: StepName): DoneStep[] {
  const end = done.findIndex((step) => step.name === name);
  expect(end, name).toBeGreaterThan(0);
  return done.slice(0, end);
}

/** What spenders may still take when all is over, reckoned as the tokens do: the last approval less what was taken since. */
function approvalsLeft(done: readonly DoneStep[]): string[] {
  const left = new Map<string, bigint>();
  const take = (spender: Address, token: Address | string, amount: bigint) =>
    left.set(`${spender} ${token}`, (left.get(`${spender} ${token}`) ?? 0n) - amount);
  for (const { facts } of done) {
    if (facts.kind === 'approved') left.set(`${facts.spender} ${facts.token}`, facts.amount);
    if (facts.kind === 'swapped') take(swapRouter, tokenOf(samplePlan(), facts.zeroForOne ? 0 : 1), facts.amountIn);
    if (facts.kind === 'minted') {
      take(positionManager, tokenOf(samplePlan(), 0), facts.amounts.amount0);
      take(positionManager, tokenOf(samplePlan(), 1), facts.amounts.amount1);
    }
  }
  return [...left].filter(([, amount]) => amount !== 0n).map(([key, amount]) => `${key}: ${amount}`);
}

function share(part: Amounts, all: Amounts, sqrtPriceX96: bigint): number {
  const value = (of: Amounts) => Number(valueInToken1RoundingDown({ ...of, sqrtPriceX96 }));
  return value(part) / value(all);
}

function poolOf(plan: Plan): PoolNow {
  return { sqrtPriceX96: plan.market.pool.sqrtPriceX96, liquidity: plan.market.pool.liquidity };
}
