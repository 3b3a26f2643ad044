import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import { encodeCollection, encodeMint, encodeWithdrawal } from '@rangeward/adapter-evm/encode-position-manager';
import { encodeSwap } from '@rangeward/adapter-evm/encode-swap';
import type { KnownChain } from '@rangeward/adapter-evm/known-chains';
import type { Call } from '@rangeward/adapter-evm/transactions';
import type { Plan } from '@rangeward/contracts';
import { smallerOf } from '@rangeward/uniswap-v3/full-math';
import {
  type Amounts,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
  swapToRatio,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueInToken1RoundingDown } from '@rangeward/uniswap-v3/price';
import type { Address, Hex } from 'viem';
import { mostForManager } from './approval-bounds.ts';
import { bandAround, mintMinimums, swapMinimumRoundingDown, withdrawalMinimums } from './slippage-band.ts';
import { type DoneStep, factsNamed, holdings, type StepName, stepNumbers } from './step-facts.ts';
import { targetNow, targetOf } from './target-now.ts';

/**
 * A plan is carried out one step at a time, and each step follows from the plan and from what the steps before it did:
 * collect: collect.
 * exit: withdraw.
 * rebalance: withdraw; approve the position manager for each token; then, unless what came out fits the new range or the
 * plan allows no swap, approve the router and swap; mint, and take every approval back that was not used up.
 * Each step waits for its block, and the price moves with each. So the swap is sized when it is signed, and nothing but
 * its own block lies between it and the mint: the approvals come before, as bounds instead of exact amounts.
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
  /** The plan stops where it is: nothing follows but the return of its approvals. */
  readonly ending?: boolean;
};

/** What decides whether to swap. */
type SwapQuestion = Pick<StepQuestion, 'plan' | 'done' | 'pool'>;

export type WantedSwap = { readonly zeroForOne: boolean; readonly amountIn: bigint };

const amountNames = ['amount0', 'amount1'] as const;

/** When a mint would leave less than this share of what is held, a swap costs more trouble than it is worth. */
const IDLE_BPS = 10n;

/** The next step, or null when the plan is complete or, when it ends early, its approvals are back. */
export function nextStep(of: StepQuestion): Step | null {
  const { plan, done } = of;
  if (of.ending === true || isEnding(done)) return takeApprovalsBack(of);
  if (plan.kind === 'collect') return has(done, 'collect') ? null : collect(of);
  if (!has(done, 'withdraw')) return withdraw(of);
  if (plan.kind === 'exit') return null;
  return approveManager(of, 0) ?? approveManager(of, 1) ?? swapIfWanted(of) ?? mint(of);
}

/** After the mint nothing is left to do, and a plan that began to take its approvals back does not go on. */
function isEnding(done: readonly DoneStep[]): boolean {
  return done.some(({ name }) => name === 'mint' || name.startsWith('reset-'));
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

/** So much as may be minted of the token whatever the swap brings; what is held when there is nothing to swap any more. */
function approveManager(of: StepQuestion, index: 0 | 1): Step | null {
  const name = `approve-manager-token${index}` as const;
  const most = mostForManager(of.plan, of.done)[amountNames[index]];
  if (most === 0n || has(of.done, name)) return null;
  return approve(name, tokenOf(of.plan, index), of.site.positionManager, most);
}

/** The router is allowed to take all that is held of the token to be sold: how much it will be, the price then says. */
function swapIfWanted(of: StepQuestion): Step | null {
  const wanted = has(of.done, 'swap') ? null : wantedSwap(of);
  if (wanted === null) return null;
  if (has(of.done, 'approve-router')) return swap(of, wanted);
  const index = wanted.zeroForOne ? 0 : 1;
  const held = holdings(of.done)[amountNames[index]];
  return approve('approve-router', tokenOf(of.plan, index), of.site.swapRouter, held);
}

/**
 * What to sell so that the rest fits the range at the price now. Null when it fits well enough, and when the router was
 * approved for the other token: the price turned meanwhile, and the little that is then left over is worth no new start.
 */
export function wantedSwap({ plan, done, pool }: SwapQuestion): WantedSwap | null {
  if (plan.swap === 'none') return null;
  const held = holdings(done);
  const { sqrtPriceX96, liquidity } = pool;
  const { zeroForOne, amountIn } = swapToRatio({
    ...held,
    ...targetOf(plan),
    sqrtPriceX96,
    feePips: plan.market.pool.feePips,
    ...(liquidity > 0n && { activeLiquidity: liquidity }),
  });
  const allowed = approvedBy(done, 'approve-router');
  if (allowed !== null && allowed.token !== tokenOf(plan, zeroForOne ? 0 : 1)) return null;
  const all = valueInToken1RoundingDown({ ...held, sqrtPriceX96 });
  const idle = valueInToken1RoundingDown({ ...leftByMint(plan, held, sqrtPriceX96), sqrtPriceX96 });
  if (amountIn === 0n || idle * 10_000n <= all * IDLE_BPS) return null;
  return { zeroForOne, amountIn: allowed === null ? amountIn : smallerOf(amountIn, allowed.amount) };
}

/**
 * What a mint of these amounts would leave, rounded down. Near an end of the range it is many times the swap that would
 * bring it in: of one token the range takes next to nothing, and without that little it takes nothing of the other.
 */
function leftByMint(plan: Plan, held: Amounts, sqrtPriceX96: bigint): Amounts {
  const at = { ...targetOf(plan), sqrtPriceX96 };
  const used = amountsForLiquidityRoundingUp({ ...at, liquidity: liquidityForAmounts({ ...at, ...held }) });
  return { amount0: held.amount0 - used.amount0, amount1: held.amount1 - used.amount1 };
}

function swap(of: StepQuestion, { zeroForOne, amountIn }: WantedSwap): Step {
  const { plan, site } = of;
  const anchor = { sqrtPriceX96: plan.market.pool.sqrtPriceX96, slippageBps: plan.limits.maxSlippageBps };
  const band = bandAround(anchor.sqrtPriceX96, anchor.slippageBps);
  const { feePips } = plan.market.pool;
  const data = encodeSwap(site.routerKind, {
    tokenIn: tokenOf(plan, zeroForOne ? 0 : 1),
    tokenOut: tokenOf(plan, zeroForOne ? 1 : 0),
    feePips,
    recipient: site.wallet,
    deadlineS: deadlineS(of),
    amountIn,
    amountOutMinimum: swapMinimumRoundingDown({ zeroForOne, amountIn, feePips, ...anchor }),
    sqrtPriceLimitX96: zeroForOne ? band.lowX96 : band.highX96,
  });
  return marked(of, 'swap', site.swapRouter, data);
}

/** The mint is anchored at the price now, which the caller holds against the plan's and against the time-weighted one. */
function mint(of: StepQuestion): Step {
  const { plan, site } = of;
  const most = mintable(of.done);
  const target = targetNow(plan, of.pool.sqrtPriceX96);
  const minimums = mintMinimums({
    ...most,
    ...target,
    sqrtPriceX96: of.pool.sqrtPriceX96,
    slippageBps: plan.limits.maxSlippageBps,
  });
  const data = encodeMint({
    token0: tokenOf(plan, 0),
    token1: tokenOf(plan, 1),
    feePips: plan.market.pool.feePips,
    ...target,
    amount0Desired: most.amount0,
    amount1Desired: most.amount1,
    amount0Min: minimums.amount0,
    amount1Min: minimums.amount1,
    recipient: site.wallet,
    deadlineS: deadlineS(of),
  });
  return marked(of, 'mint', site.positionManager, data);
}

/** What is held and the position manager may take. */
export function mintable(done: readonly DoneStep[]): Amounts {
  const held = holdings(done);
  const allowed = (index: 0 | 1) => approvedBy(done, `approve-manager-token${index}`)?.amount ?? 0n;
  return { amount0: smallerOf(held.amount0, allowed(0)), amount1: smallerOf(held.amount1, allowed(1)) };
}

/** One approval after the other that is not used up and not taken back. */
function takeApprovalsBack(of: StepQuestion): Step | null {
  const { done } = of;
  const { positionManager, swapRouter } = of.site;
  const minted = factsNamed(done, 'minted')?.amounts ?? { amount0: 0n, amount1: 0n };
  const given = [
    ['router', swapRouter, factsNamed(done, 'swapped')?.amountIn ?? 0n],
    ['manager-token0', positionManager, minted.amount0],
    ['manager-token1', positionManager, minted.amount1],
  ] as const;
  for (const [to, spender, used] of given) {
    const allowed = approvedBy(done, `approve-${to}`);
    if (allowed === null || allowed.amount <= used || has(done, `reset-${to}`)) continue;
    return approve(`reset-${to}`, allowed.token, spender, 0n);
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

/** What a step that was done approved; null when it was not done. */
function approvedBy(done: readonly DoneStep[], name: StepName) {
  const facts = done.find((step) => step.name === name)?.facts;
  return facts?.kind === 'approved' ? facts : null;
}

function has(done: readonly DoneStep[], name: StepName): boolean {
  return done.some((step) => step.name === name);
}

function deadlineS(of: StepQuestion): bigint {
  return of.blockTimeS + BigInt(of.plan.limits.deadlineS);
}

/** The pool's token, as an address in lower case (the contract of the event). */
export function tokenOf(plan: Plan, index: 0 | 1): Address {
  const { token0, token1 } = plan.market.pool;
  return (index === 0 ? token0 : token1).address as Address;
}
