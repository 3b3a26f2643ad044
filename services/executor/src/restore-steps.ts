import { type RecordedReceipt, waitForReceipt } from '@rangeward/adapter-evm/receipts';
import { haltPlan } from './halt-plan.ts';
import { offer } from './offer-step.ts';
import { doneSteps, isApproval, latestAttempt, type RecordedStep, withReceiptOf } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';
import { secondOpinion } from './second-opinion.ts';
import { sameOutcome, stepNow } from './step-on-chain.ts';
import { sourcesOf } from './wallet-tools.ts';

/** The node cannot show what was done: it lags, or the chain is just being reorganised. Looked at again later. */
export class ChainBehind extends Error {
  override readonly name = 'ChainBehind';
}

/**
 * Holds what the record says was done against the chain as it is now. A step that a reorganisation took away is sent again,
 * the same bytes, and one that lies in another block now is read again: its outcome may be another one. True when the record
 * changed, so that whoever was about to build on it looks again. Throws ChainBehind when the node cannot tell, and
 * PlanHalted when a later step was sent already that was built on what is gone.
 */
export async function restoreSteps(work: PlanWork): Promise<boolean> {
  const { tools, plan } = work;
  const shown = await Promise.all(
    work.record.steps.map((step) => (step.receipt === null ? null : stepNow(tools.client, step, step.receipt))),
  );
  let changed = false;
  for (const [index, now] of shown.entries()) {
    const step = work.record.steps[index];
    if (now === null || now.kind === 'as-recorded' || !step?.receipt) continue;
    if (now.kind === 'unclear') throw new ChainBehind(now.reason);
    const about = { planId: plan.planId, step: step.name, block: step.receipt.block };
    tools.log.warn({ ...about, now: now.kind }, 'a step that was done is not on the chain any more as it was');
    const holds = now.kind === 'moved' && sameOutcome(step, sourcesOf(tools, plan), [step.receipt, now.receipt]);
    if (!holds && !isApproval(step) && index < work.record.steps.length - 1) {
      const became = now.kind === 'gone' ? 'is not on the chain any more' : 'came to something else in another block';
      await haltPlan(work, `${step.name}, done in block ${step.receipt.block}, ${became} after a later step was sent`);
    }
    if (now.kind === 'gone') await tellOfReorg(work, step);
    await record(work, index, await awaitAgain(work, step));
    changed = true;
  }
  return changed;
}

/** No new form is signed for a step that was done: the bytes that were mined are offered until they are mined again. */
async function awaitAgain(work: PlanWork, step: RecordedStep): Promise<RecordedReceipt> {
  const { tools, plan, lease } = work;
  const { limits, client } = tools;
  const attempt = step.attempts.find(({ hash }) => hash === step.receipt?.hash) ?? latestAttempt(step);
  let offeredMs = Number.NEGATIVE_INFINITY;
  return waitForReceipt(client, {
    hashes: () => step.attempts.map(({ hash }) => hash),
    confirmations: isApproval(step) ? 1 : limits.confirmations,
    pollMs: limits.receiptPollMs,
    signal: AbortSignal.any([lease.signal, AbortSignal.timeout(limits.receiptTimeoutMs)]),
    unseen: async (head) => {
      if (performance.now() - offeredMs < limits.resendMs) return;
      offeredMs = performance.now();
      await offer(tools, { planId: plan.planId, step, attempt, head: head.number });
    },
    agrees: secondOpinion(work, step),
  });
}

async function record(work: PlanWork, index: number, receipt: RecordedReceipt): Promise<void> {
  const { tools, plan, lease } = work;
  lease.signal.throwIfAborted();
  const changed = withReceiptOf(work.record, index, receipt);
  doneSteps(changed, sourcesOf(tools, plan));
  work.version = await tools.records.save(lease.fence, plan.planId, work.version, changed);
  work.record = changed;
}

function tellOfReorg({ tools, plan }: PlanWork, step: RecordedStep): Promise<void> {
  const message = `step ${step.name} of plan ${plan.planId} was in block ${step.receipt?.block}, which a reorganisation took off the chain; the same transaction is sent again`;
  return tools.reportError({ code: 'step-vanished', message, severity: 'warning', plan });
}

/** As `restoreSteps`, for who waits anyhow: a node that lags says nothing yet, and nothing may be built on what it shows. */
export async function lookBack(work: PlanWork): Promise<'as-recorded' | 'changed' | 'behind'> {
  try {
    return (await restoreSteps(work)) ? 'changed' : 'as-recorded';
  } catch (error) {
    if (error instanceof ChainBehind) return 'behind';
    throw error;
  }
}
