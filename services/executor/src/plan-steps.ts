import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import { encodeCollection, encodeMint, encodeWithdrawal } from '@rangeward/adapter-evm/encode-position-manager';
import { encodeSwap } from '@rangeward/adapter-evm/encode-swap';
import type { KnownChain } from '@rangeward/adapter-evm/known-chains';
import type { Call } from '@rangeward/adapter-evm/transactions';
import type { Plan } from '@rangeward/contracts';
import { swapToRatio } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueInToken1RoundingDown } from '@rangeward/uniswap-v3/price';
import type { Address, Hex } from 'viem';
import { bandAround, mintMinimums, swapMinimumRoundingDown, withdrawalMinimums } from './slippage-band.ts';
import { type DoneStep, factsNamed, holdings, type StepName, stepNumbers } from './step-facts.ts';

/**
 * A plan is carried out one step at a time, and each step follows from the plan and from what the steps before it did:
 * collect: collect.
 * rebalance: withdraw, then, unless what came out fits the new range, approve the router and swap; approve the position
 * manager for each token, mint, and take every approval back that was not used up.
 * Whoever comes back after a crash asks the same question and gets the same answer.
 */

/** Where a plan's transactions go. */
export type Site = Pick<KnownChain, 'positionManager' | 'swapRouter' | 'routerKind'> & { readonly wallet: Address };

/** The pool as the steps so far have left it. */
export type PoolNow = { readonly sqrtPriceX96: bigint; readonly liquidity: bigint };

export type Step = { readonly name: StepName; readonly call: Call };

export type StepQuestion = {
  readonly plan: Plan;
  readonly done: readonly DoneStep[];
  readonly pool: PoolNow;
  readonly site: Site;
  /** Block time from which each deadline counts, seconds. */
  readonly blockTimeS: bigint;
};

/** A swap of less than this share of what is held costs more trouble than the leftover is worth. */
const MIN_SWAP_BPS = 10n;

/** The next step, or null when the plan is complete. */
export function nextStep(of: StepQuestion): Step | null {
  const { plan, done } = of;
  const has = (name: StepName) => done.some((step) => step.name === name);
  if (plan.kind === 'collect') return has('collect') ? null : collect(of);
  if (!has('withdraw')) return withdraw(of);
  const reached = Math.max(...done.map((step) => stepNumbers[step.name]));
  if (reached < stepNumbers.swap) {
    const step = reached < stepNumbers['approve-router'] ? approveRouter(of) : swap(of);
    if (step !== null) return step;
  }
  return (reached < stepNumbers.mint ? approveManager(of, reached) : resetApprovals(of, reached)) ?? finalStep(of);
}

/** After the approvals comes the mint, after the mint's approvals are back nothing. */
function finalStep(of: StepQuestion): Step | null {
  return factsNamed(of.done, 'minted') === undefined ? mint(of) : null;
}

function collect(of: StepQuestion): Step {
  const data = encodeCollection({ tokenId: of.plan.position.tokenId, recipient: of.site.wallet });
  return marked(of, 'collect', of.site.positionManager, data);
}

function withdraw(of: StepQuestion): Step {
  const { plan, site } = of;
  const { tokenId, liquidity, tickLower, tickUpper } = plan.position;
  const { amount0, amount1 } = withdrawalMinimums({
    tickLower,
    tickUpper,
    liquidity,
    sqrtPriceX96: plan.market.pool.sqrtPriceX96,
    slippageBps: plan.limits.maxSlippageBps,
  });
  const data = encodeWithdrawal({
    tokenId,
    liquidity,
    amount0Min: amount0,
    amount1Min: amount1,
    recipient: site.wallet,
    deadlineS: deadlineS(of),
  });
  return marked(of, 'withdraw', site.positionManager, data);
}

/** Null when what is held fits the range well enough. */
function approveRouter(of: StepQuestion): Step | null {
  const held = holdings(of.done);
  const { feePips } = of.plan.market.pool;
  const { sqrtPriceX96, liquidity } = of.pool;
  const wanted = swapToRatio({
    ...held,
    ...targetOf(of.plan),
    sqrtPriceX96,
    feePips,
    ...(liquidity > 0n && { activeLiquidity: liquidity }),
  });
  const sold = wanted.zeroForOne
    ? { amount0: wanted.amountIn, amount1: 0n, sqrtPriceX96 }
    : { amount0: 0n, amount1: wanted.amountIn, sqrtPriceX96 };
  const all = valueInToken1RoundingDown({ ...held, sqrtPriceX96 });
  if (valueInToken1RoundingDown(sold) * 10_000n <= all * MIN_SWAP_BPS) return null;
  const token = tokenOf(of.plan, wanted.zeroForOne ? 0 : 1);
  return approve('approve-router', token, of.site.swapRouter, wanted.amountIn);
}

/** Sells exactly what the router was allowed to take, so that price moves in between change nothing. */
function swap(of: StepQuestion): Step {
  const { plan, site } = of;
  const allowed = approvedBy(of.done, 'approve-router');
  const zeroForOne = allowed.token === tokenOf(plan, 0);
  const anchor = { sqrtPriceX96: plan.market.pool.sqrtPriceX96, slippageBps: plan.limits.maxSlippageBps };
  const band = bandAround(anchor.sqrtPriceX96, anchor.slippageBps);
  const { feePips } = plan.market.pool;
  const data = encodeSwap(site.routerKind, {
    tokenIn: allowed.token,
    tokenOut: tokenOf(plan, zeroForOne ? 1 : 0),
    feePips,
    recipient: site.wallet,
    deadlineS: deadlineS(of),
    amountIn: allowed.amount,
    amountOutMinimum: swapMinimumRoundingDown({ zeroForOne, amountIn: allowed.amount, feePips, ...anchor }),
    sqrtPriceLimitX96: zeroForOne ? band.lowX96 : band.highX96,
  });
  return marked(of, 'swap', site.swapRouter, data);
}

function approveManager(of: StepQuestion, reached: number): Step | null {
  const held = holdings(of.done);
  const spender = of.site.positionManager;
  if (reached < stepNumbers['approve-manager-token0'] && held.amount0 > 0n) {
    return approve('approve-manager-token0', tokenOf(of.plan, 0), spender, held.amount0);
  }
  if (reached < stepNumbers['approve-manager-token1'] && held.amount1 > 0n) {
    return approve('approve-manager-token1', tokenOf(of.plan, 1), spender, held.amount1);
  }
  return null;
}

/** The mint is anchored at the price now, which the caller holds against the plan's and against the time-weighted one. */
function mint(of: StepQuestion): Step {
  const { plan, site } = of;
  const held = holdings(of.done);
  const target = targetOf(plan);
  const minimums = mintMinimums({
    ...held,
    ...target,
    sqrtPriceX96: of.pool.sqrtPriceX96,
    slippageBps: plan.limits.maxSlippageBps,
  });
  const data = encodeMint({
    token0: tokenOf(plan, 0),
    token1: tokenOf(plan, 1),
    feePips: plan.market.pool.feePips,
    ...target,
    amount0Desired: held.amount0,
    amount1Desired: held.amount1,
    amount0Min: minimums.amount0,
    amount1Min: minimums.amount1,
    recipient: site.wallet,
    deadlineS: deadlineS(of),
  });
  return marked(of, 'mint', site.positionManager, data);
}

function resetApprovals(of: StepQuestion, reached: number): Step | null {
  const left = holdings(of.done);
  const swapped = factsNamed(of.done, 'swapped');
  if (reached < stepNumbers['reset-router'] && swapped !== undefined) {
    const allowed = approvedBy(of.done, 'approve-router');
    if (allowed.amount > swapped.amountIn) return approve('reset-router', allowed.token, of.site.swapRouter, 0n);
  }
  const spender = of.site.positionManager;
  if (reached < stepNumbers['reset-manager-token0'] && left.amount0 > 0n) {
    return approve('reset-manager-token0', tokenOf(of.plan, 0), spender, 0n);
  }
  if (reached < stepNumbers['reset-manager-token1'] && left.amount1 > 0n) {
    return approve('reset-manager-token1', tokenOf(of.plan, 1), spender, 0n);
  }
  return null;
}

function approve(name: StepName, token: Address, spender: Address, amount: bigint): Step {
  return { name, call: { to: token, data: encodeApproval(spender, amount) } };
}

function marked(of: StepQuestion, name: StepName, to: Address, data: Hex): Step {
  const marker = { planId: of.plan.planId, step: stepNumbers[name] };
  return { name, call: { to, data: appendMarker(data, marker) } };
}

function approvedBy(done: readonly DoneStep[], name: StepName) {
  const facts = done.find((step) => step.name === name)?.facts;
  if (facts?.kind !== 'approved') throw new Error(`${name} was not done, so nothing can follow from it`);
  return facts;
}

function deadlineS(of: StepQuestion): bigint {
  return of.blockTimeS + BigInt(of.plan.limits.deadlineS);
}

/** The pool's token, as an address in lower case (the contract of the event). */
export function tokenOf(plan: Plan, index: 0 | 1): Address {
  const { token0, token1 } = plan.market.pool;
  return (index === 0 ? token0 : token1).address as Address;
}

/** The new range of a rebalance. */
export function targetOf(plan: Plan): { readonly tickLower: number; readonly tickUpper: number } {
  if (plan.target === null) throw new Error('a rebalance has a target');
  return { tickLower: plan.target.tickLower, tickUpper: plan.target.tickUpper };
}
