import { tokenAbi } from '@rangeward/adapter-evm/abis';
import { splitMarker } from '@rangeward/adapter-evm/encode-marker';
import type { SentTransaction } from '@rangeward/adapter-evm/sent-transactions';
import type { Plan } from '@rangeward/contracts';
import { decodeFunctionData } from 'viem';
import { isApproval, newRecord, type PlanRecord, type RecordedStep, withChecks } from './plan-record.ts';
import { type Site, tokenOf } from './plan-steps.ts';
import { type StepName, stepNumbers } from './step-facts.ts';

/** What the chain says of a plan for which a step was mined. */
export type Rebuilt = {
  readonly record: PlanRecord;
  /** The nonce after the plan's last step, or that of a transaction between its steps that is none of ours. */
  readonly nextNonce: number;
};

type RebuildQuestion = {
  readonly plan: Plan;
  /** The wallet's transactions since the plan was made, by nonce. */
  readonly sent: readonly SentTransaction[];
  readonly site: Site;
  /** The pool's price in the block before the swap, where it is known; else the plan's own stands in for it. */
  readonly priceBeforeSwapX96?: bigint | null;
};

const names = new Map<number, StepName>(
  // What `stepNumbers` holds.
  Object.entries(stepNumbers).map(([name, number]) => [number, name as StepName]),
);
/** In this order steps are taken; for the name of one that was cancelled and so left no other trace. */
const order = [
  'withdraw',
  'approve-manager-token0',
  'approve-manager-token1',
  'approve-router',
  'swap',
  'mint',
] as const satisfies readonly StepName[];

/**
 * The record of a plan as its executor must have kept it, from the wallet's own transactions: calls that carry the plan's
 * marker, and the approvals and cancellations that stand between or behind them. Null when no call with the marker was
 * mined: then nothing was done for the plan. A transaction that is none of these ends it: what follows is somebody else's.
 */
export function rebuildRecord(of: RebuildQuestion): Rebuilt | null {
  const steps: RecordedStep[] = [];
  let nextNonce = 0;
  for (const one of of.sent) {
    const step = readStep(of, one, steps);
    if (step !== null) {
      steps.push(step);
      nextNonce = one.nonce + 1;
    } else if (steps.length > 0) {
      break;
    }
  }
  if (steps.length === 0) return null;
  const said = `${steps.length} steps: ${steps.map(({ name }) => name).join(', ')}`;
  const check = {
    name: 'rebuilt-from-chain',
    passed: true,
    value: said,
    threshold: 'Redis had lost the record of them',
  };
  return { record: { ...withChecks(newRecord(of.plan), [check]), steps }, nextNonce };
}

function readStep(of: RebuildQuestion, one: SentTransaction, before: readonly RecordedStep[]): RecordedStep | null {
  const { plan } = of;
  if (one.raw === null || one.to === null || one.valueWei !== 0n) return null;
  const name = markedName(of, one) ?? (before.length === 0 ? null : approvalName(of, one, before));
  if (name !== null) return stepOf(of, one, name);
  if (before.length === 0 || one.to !== of.site.wallet || one.data !== '0x') return null;
  const taken = plan.kind === 'collect' ? 'collect' : order.find((next) => before.every((step) => step.name !== next));
  return stepOf(of, one, taken ?? 'mint', true);
}

function markedName({ plan, site }: RebuildQuestion, { to, data }: SentTransaction): StepName | null {
  if (to !== site.positionManager && to !== site.swapRouter) return null;
  const marker = splitMarker(data)?.marker;
  return marker?.planId === plan.planId ? (names.get(marker.step) ?? null) : null;
}

/** Approvals carry no marker: which one it is follows from token, spender and amount, and each is there once. */
function approvalName(
  { plan, site }: RebuildQuestion,
  { to, data }: SentTransaction,
  before: readonly RecordedStep[],
): StepName | null {
  const index = to === tokenOf(plan, 0) ? 0 : to === tokenOf(plan, 1) ? 1 : null;
  const approved = index === null ? null : readApproval(data);
  if (index === null || approved === null) return null;
  const verb = approved.amount === 0n ? 'reset' : 'approve';
  const spender = approved.spender.toLowerCase();
  const name: StepName | null =
    spender === site.positionManager
      ? `${verb}-manager-token${index}`
      : spender === site.swapRouter
        ? `${verb}-router`
        : null;
  return name !== null && isApproval({ name }) && before.every((step) => step.name !== name) ? name : null;
}

function readApproval(data: SentTransaction['data']): { readonly spender: string; readonly amount: bigint } | null {
  try {
    const { functionName, args } = decodeFunctionData({ abi: tokenAbi, data });
    return functionName === 'approve' ? { spender: args[0], amount: args[1] } : null;
  } catch {
    return null;
  }
}

function stepOf(of: RebuildQuestion, one: SentTransaction, name: StepName, cancels = false): RecordedStep {
  const { hash, raw, nonce, receipt } = one;
  if (raw === null) throw new Error(`${hash} is not of our signer`);
  const plansPriceX96 = of.plan.market.pool.sqrtPriceX96;
  const priceX96 = name === 'swap' ? (of.priceBeforeSwapX96 ?? plansPriceX96) : plansPriceX96;
  return {
    name,
    nonce,
    sqrtPriceX96: priceX96.toString(),
    attempts: [{ raw, hash, ...(cancels && { cancels }) }],
    receipt,
  };
}
