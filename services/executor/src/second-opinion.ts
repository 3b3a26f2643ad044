import { findReceipt, type RecordedReceipt } from '@rangeward/adapter-evm/receipts';
import { shortReason } from '@rangeward/adapter-evm/send-raw';
import type { WalletClient } from '@rangeward/adapter-evm/wallet-client';
import { getTransactionCount } from 'viem/actions';
import type { RecordedStep } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';

/**
 * Whether another provider shows the same receipt, and the nonce used up. While it does not the step is not done; when that
 * lasts, a person hears of it. Everybody agrees where no other provider is configured.
 */
export function secondOpinion(work: PlanWork, step: RecordedStep): (receipt: RecordedReceipt) => Promise<boolean> {
  const { tools, plan } = work;
  const { second } = tools;
  let sinceMs: number | null = null;
  let told = false;
  return async (receipt) => {
    const differs = second === null ? null : await difference(second, tools.wallet, step, receipt);
    if (differs === null) return true;
    sinceMs ??= performance.now();
    if (told || performance.now() - sinceMs < tools.limits.disagreeAfterMs) return false;
    told = true;
    const message = `step ${step.name} of plan ${plan.planId} is in block ${receipt.block} by one provider, but ${differs}; it does not count as done until both say the same`;
    tools.log.error({ planId: plan.planId, step: step.name, hash: receipt.hash }, message);
    await tools.reportError({ code: 'providers-disagree', message, plan });
    return false;
  };
}

async function difference(
  second: WalletClient,
  wallet: `0x${string}`,
  { nonce }: RecordedStep,
  receipt: RecordedReceipt,
): Promise<string | null> {
  try {
    const [seen, next] = await Promise.all([
      findReceipt(second, receipt.hash),
      getTransactionCount(second, { address: wallet, blockTag: 'latest' }),
    ]);
    if (seen === null) return 'the other one has no receipt';
    if (seen.blockHash !== receipt.blockHash) return `the other one has it in block ${seen.block} (${seen.blockHash})`;
    if (seen.status !== receipt.status) return `by the other one it is ${seen.status}, not ${receipt.status}`;
    return next > nonce ? null : `the other one has the wallet at nonce ${next}`;
  } catch (error) {
    return `the other one does not answer (${shortReason(error)})`;
  }
}
