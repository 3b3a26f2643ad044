import type { Signer } from '@rangeward/adapter-evm/signer';
import { preflight } from '@rangeward/adapter-evm/transactions';
import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { Plan } from '@rangeward/contracts';
import { type Hex, keccak256 } from 'viem';
import { mostForManager, mostForRouter } from './approval-bounds.ts';
import { gasWeiRoundingDown, tickGate, twapGate } from './check-plan.ts';
import { doneSteps, gasSpentWei, type PlanRecord, type RecordedStep } from './plan-record.ts';
import { nextStep, type Step, tokenOf } from './plan-steps.ts';
import { checkTransaction, type SigningRules } from './signer-policy.ts';
import { type DoneStep, stepNumbers } from './step-facts.ts';
import { lookAtChain, sourcesOf, type WalletTools } from './wallet-tools.ts';

/** What follows from a record and the chain now. */
export type Prepared =
  | { readonly kind: 'complete'; readonly chain: WalletState }
  /** Signed, not stored, not sent. */
  | { readonly kind: 'ready'; readonly step: RecordedStep }
  /** Not now; perhaps at another block. */
  | { readonly kind: 'blocked'; readonly step: string; readonly reason: string };

/**
 * Makes the next step of a plan and signs it, if chain, limits and policy allow it now; of a plan that is `ending` the
 * next return of an approval. Changes nothing anywhere.
 * Throws when the node or Redis does not answer, or when the wallet's nonce is not ours any more.
 */
export async function prepareStep(
  tools: WalletTools,
  signer: Signer,
  plan: Plan,
  record: PlanRecord,
  { ending }: { readonly ending: boolean } = { ending: false },
): Promise<Prepared> {
  const chain = await lookAtChain(tools, plan);
  const done = doneSteps(record, sourcesOf(tools, plan));
  const step = nextStep({
    plan,
    done,
    ending,
    pool: chain.pool,
    site: tools.site,
    blockTimeS: chain.block.timestampS,
  });
  if (step === null) return { kind: 'complete', chain };
  const blocked = (reason: string): Prepared => ({ kind: 'blocked', step: step.name, reason });
  const nonce = await pinNonce(tools, plan, record, chain);
  if (nonce === null) return blocked(`the node lags: it knows nonce ${chain.nonce}, less than what is done`);
  const closed = marketGate(tools, plan, step, chain);
  if (closed !== null) return blocked(closed);
  const trial = await preflight(tools.client, tools.wallet, step.call);
  if (trial.kind === 'reverts') return blocked(`the chain would refuse it: ${trial.reason}`);
  const leftWei = gasLeftWei(plan, record);
  const fees = feesWithin(leftWei, trial.gasLimit, chain);
  if (fees === null)
    return blocked(`gas for ${trial.gasLimit} units would exceed the ${leftWei} wei left of the reservation`);
  const transaction = { chainId: plan.chainId, nonce, ...step.call, gasLimit: trial.gasLimit, ...fees };
  const policy = checkTransaction(transaction, rulesFor(tools, plan, step, { done, chain, maxGasCostWei: leftWei }));
  if (policy.kind === 'refused') return blocked(`the signer’s policy refuses it: ${policy.reason}`);
  const raw = await signer.sign(transaction);
  return { kind: 'ready', step: newStep(raw, { plan, step, nonce, chain, nowMs: tools.now() }) };
}

type Made = {
  readonly plan: Plan;
  readonly step: Step;
  readonly nonce: number;
  readonly chain: WalletState;
  readonly nowMs: number;
};

function newStep(raw: Hex, { plan, step, nonce, chain, nowMs }: Made): RecordedStep {
  const { block, pool } = chain;
  return {
    name: step.name,
    nonce,
    sqrtPriceX96: pool.sqrtPriceX96.toString(),
    attempts: [{ raw, hash: keccak256(raw), at: nowMs, block: block.number }],
    ...(dependsOnPrice(step) && { deadlineS: Number(block.timestampS) + plan.limits.deadlineS }),
    receipt: null,
  };
}

/** These are held to the price when they are sent and carry a deadline; collecting, approvals and their return do not. */
function dependsOnPrice({ name }: Step): boolean {
  return name === 'withdraw' || name === 'swap' || name === 'mint';
}

function marketGate(tools: WalletTools, plan: Plan, step: Step, chain: WalletState): string | null {
  if (!dependsOnPrice(step)) return null;
  const failed = [tickGate(plan, chain.pool.tick), twapGate(chain.pool, tools.limits)].find((gate) => !gate.passed);
  return failed === undefined ? null : `${failed.name} is ${failed.value}, needs ${failed.threshold}`;
}

/** The wallet was used by somebody else in the middle of a plan. Nothing more is signed until a person has looked. */
export class ForeignNonce extends Error {
  override readonly name = 'ForeignNonce';
}

/** The nonce of the next step; null when the node is behind what we know to be done. */
async function pinNonce(
  tools: WalletTools,
  plan: Plan,
  record: PlanRecord,
  chain: WalletState,
): Promise<number | null> {
  const floor = await tools.records.floor();
  if (floor === null || floor === chain.nonce) return chain.nonce;
  if (chain.nonce < floor) return null;
  if (record.steps.length > 0) {
    throw new ForeignNonce(
      `${tools.wallet} is at nonce ${chain.nonce}, plan ${plan.planId} expects ${floor}: used elsewhere. Nothing is signed until somebody gives the plan up with "rangeward plan abandon"`,
    );
  }
  tools.log.warn({ nonce: chain.nonce, floor, wallet: tools.wallet }, 'the wallet was used elsewhere between plans');
  return chain.nonce;
}

/** What is left of the plan's reservation for gas, wei, rounded down. */
export function gasLeftWei(plan: Plan, record: PlanRecord): bigint {
  return gasWeiRoundingDown(plan.limits.maxGasUsdE6, plan.market.nativePriceUsdE6) - gasSpentWei(record);
}

/** Twice the base fee where the reservation allows it, and at least what the next block may ask. Null when it does not. */
function feesWithin(leftWei: bigint, gasLimit: bigint, chain: Pick<WalletState, 'block' | 'priorityFeeWei'>) {
  const { baseFeeWei } = chain.block;
  const tip = chain.priorityFeeWei;
  const affordable = leftWei / gasLimit;
  const wanted = 2n * baseFeeWei + tip;
  const least = (baseFeeWei * 9n + 7n) / 8n + tip;
  if (affordable < least) return null;
  return {
    maxFeePerGasWei: affordable < wanted ? affordable : wanted,
    maxPriorityFeePerGasWei: tip,
  };
}

type Standing = { readonly done: readonly DoneStep[]; readonly chain: WalletState; readonly maxGasCostWei: bigint };

/** What the signer's policy holds a step against. */
export function rulesFor(
  tools: WalletTools,
  plan: Plan,
  step: Pick<Step, 'name'>,
  { done, chain, maxGasCostWei }: Standing,
): SigningRules {
  const { positionManager, swapRouter, routerKind } = tools.site;
  return {
    chainId: tools.chainId,
    wallet: tools.wallet,
    positionManager,
    swapRouter,
    routerKind,
    token0: tokenOf(plan, 0),
    token1: tokenOf(plan, 1),
    feePips: plan.market.pool.feePips,
    planId: plan.planId,
    step: stepNumbers[step.name],
    tokenId: plan.position.tokenId,
    approvable: { positionManager: mostForManager(plan, done), swapRouter: mostForRouter(plan, done) },
    market: {
      tick: chain.pool.tick,
      twapTick: chain.pool.twapTick,
      maxTwapDeviationTicks: tools.limits.maxTwapDeviationTicks,
      position: chain.position,
    },
    nowBlockS: chain.block.timestampS,
    longestDeadlineS: tools.limits.longestDeadlineS,
    maxGasCostWei,
  };
}
