import { readSigned } from '@rangeward/adapter-evm/read-signed';
import type { TransactionToSign } from '@rangeward/adapter-evm/signer';
import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import { keccak256 } from 'viem';
import { CANCEL_GAS, checkCancellation } from './cancel-policy.ts';
import { latestAttempt, type RecordedStep, withAttempt } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';
import { doneOf } from './plan-work.ts';
import { gasLeftWei, rulesFor } from './prepare-step.ts';
import type { Replacement } from './replacement-due.ts';
import { type Fees, replacementFees } from './replacement-fees.ts';
import { checkTransaction, type PolicyAnswer } from './signer-policy.ts';
import { boundary, lookAtChain } from './wallet-tools.ts';

/**
 * Writes down another signed form of a step, of the same nonce: the same call for more gas, or nothing at all in its place.
 * It is the one to be sent from then on. False, and nothing changed, when the wallet stands at another nonce by the chain,
 * when nothing that the reservation and the cap allow would be taken, and when the signer's policy refuses it.
 */
export async function replaceStep(work: PlanWork, index: number, wanted: Replacement): Promise<boolean> {
  const { tools, plan, lease } = work;
  const step = stepAt(work, index);
  const chain = await lookAtChain(tools, plan);
  // Used up: a receipt is there to be found. Lower: the node lags, or an earlier step is gone.
  if (chain.nonce !== step.nonce) return false;
  const kind = latestAttempt(step).cancels === true ? 'cancel' : wanted;
  const transaction = replacementFor(work, step, kind, chain);
  if (transaction === null) {
    tools.log.warn({ planId: plan.planId, step: step.name, kind }, 'a stuck step cannot be paid better now; waiting');
    return false;
  }
  const policy = mayBeSigned(work, step, kind, { transaction, chain });
  if (policy.kind === 'refused') {
    const about = { planId: plan.planId, step: step.name, kind, reason: policy.reason };
    tools.log.warn(about, 'the signer’s policy refuses to replace a stuck step; waiting');
    return false;
  }
  const raw = await work.signer.sign(transaction);
  await boundary(tools, `${step.name}:${kind}-signed`);
  lease.signal.throwIfAborted();
  const cancels = kind === 'cancel' ? { cancels: true } : {};
  const added = { raw, hash: keccak256(raw), ...cancels, at: tools.now(), block: chain.block.number };
  const record = withAttempt(work.record, index, added);
  work.version = await tools.records.save(lease.fence, plan.planId, work.version, record);
  work.record = record;
  const { maxFeePerGasWei } = transaction;
  const about = { planId: plan.planId, step: step.name, nonce: step.nonce, hash: added.hash, maxFeePerGasWei };
  tools.log.warn(about, kind === 'cancel' ? 'cancelling a step' : 'paying more for a step');
  await boundary(tools, `${step.name}:${kind}-stored`);
  return true;
}

function replacementFor(
  work: PlanWork,
  step: RecordedStep,
  kind: Replacement,
  chain: WalletState,
): TransactionToSign | null {
  const { tools } = work;
  const last = readSigned(latestAttempt(step).raw);
  const call =
    kind === 'cancel'
      ? { chainId: last.chainId, nonce: step.nonce, to: tools.wallet, data: '0x' as const, gasLimit: CANCEL_GAS }
      : last;
  const { baseFeeWei } = chain.block;
  const most = mostFees(work, step, call.gasLimit, kind);
  const fees = replacementFees({ last, most, baseFeeWei, priorityFeeWei: chain.priorityFeeWei });
  return fees === null ? null : { ...call, ...fees };
}

/**
 * What is left of the plan's reservation bounds both; a better paid step is bound by a multiple of its first fees too, since
 * it is for its gain that it is paid. A cancellation needs a fraction of the gas and must come through.
 */
function mostFees(work: PlanWork, step: RecordedStep, gasLimit: bigint, kind: Replacement): Fees {
  const affordable = gasLeftWei(work.plan, work.record) / gasLimit;
  if (kind === 'cancel') return { maxFeePerGasWei: affordable, maxPriorityFeePerGasWei: affordable };
  const times = BigInt(work.tools.limits.mostFeeTimes);
  const [made] = step.attempts;
  const first = made === undefined ? null : readSigned(made.raw);
  const bound = (wei: bigint) => (wei * times < affordable ? wei * times : affordable);
  return {
    maxFeePerGasWei: bound(first?.maxFeePerGasWei ?? 0n),
    maxPriorityFeePerGasWei: bound(first?.maxPriorityFeePerGasWei ?? 0n),
  };
}

type Candidate = { readonly transaction: TransactionToSign; readonly chain: WalletState };

function mayBeSigned(
  work: PlanWork,
  step: RecordedStep,
  kind: Replacement,
  { transaction, chain }: Candidate,
): PolicyAnswer {
  const { tools, plan } = work;
  const maxGasCostWei = gasLeftWei(plan, work.record);
  if (kind === 'cancel') {
    const { chainId, wallet } = tools;
    return checkCancellation(transaction, { chainId, wallet, nonce: step.nonce, maxGasCostWei });
  }
  return checkTransaction(transaction, rulesFor(tools, plan, step, { done: doneOf(work), chain, maxGasCostWei }));
}

function stepAt(work: PlanWork, index: number): RecordedStep {
  const step = work.record.steps[index];
  if (step === undefined) throw new Error(`plan ${work.plan.planId} has no step ${index}`);
  return step;
}
