import { type Head, type RecordedReceipt, waitForReceipt } from '@rangeward/adapter-evm/receipts';
import { offer } from './offer-step.ts';
import { doneSteps, isApproval, isCancelled, latestAttempt, type RecordedStep, withReceipt } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';
import { replaceStep } from './replace-step.ts';
import { type Replacement, replacementDue } from './replacement-due.ts';
import { restoreSteps } from './restore-steps.ts';
import { secondOpinion } from './second-opinion.ts';
import { receiptNow } from './step-on-chain.ts';
import { boundary, sourcesOf } from './wallet-tools.ts';

/**
 * Sends a recorded step unless the chain has it, and waits for the receipt of whichever of its signed forms is mined. One
 * that is not taken into a block is offered again, paid better, or cancelled, each written down before it is sent.
 */
export async function settleStep(work: PlanWork, step: RecordedStep): Promise<void> {
  const { tools, plan, lease } = work;
  const index = work.record.steps.indexOf(step);
  const seen = await receiptNow(tools.client, step);
  const receipt = seen === null ? await sendAndWait(work, index) : await awaitStep(work, index);
  await boundary(tools, `${step.name}:mined`);
  lease.signal.throwIfAborted();
  const record = withReceipt(work.record, receipt);
  // Proves, before it is written, that the receipt can be read: everything later is built on it.
  doneSteps(record, sourcesOf(tools, plan));
  const next = step.nonce + 1;
  work.version = await tools.records.stepDone(lease.fence, plan.planId, work.version, record, next);
  work.record = record;
  const { hash, block, status, gasUsed } = receipt;
  const cancelled = isCancelled({ attempts: stepAt(work, index).attempts, receipt });
  tools.log.info({ planId: plan.planId, step: step.name, hash, block, status, gasUsed, cancelled }, 'step done');
  await boundary(tools, `${step.name}:done`);
}

async function sendAndWait(work: PlanWork, index: number): Promise<RecordedReceipt> {
  const { name } = stepAt(work, index);
  // After a long absence it may be too late for what was signed: then its place is taken, not the step sent.
  const due = await dueNow(work, index, null);
  if (due !== null) await replaceStep(work, index, due);
  await offerLatest(work, index, null);
  await boundary(work.tools, `${name}:sent`);
  return awaitStep(work, index);
}

/** Waits until the chain, and whoever else is asked, shows the step; throws when the time for that is over. */
function awaitStep(work: PlanWork, index: number): Promise<RecordedReceipt> {
  const { limits, client } = work.tools;
  const step = stepAt(work, index);
  return waitForReceipt(client, {
    hashes: () => stepAt(work, index).attempts.map(({ hash }) => hash),
    // An approval moves nothing and the step after it fails without it, so a block is enough.
    confirmations: isApproval(step) ? 1 : limits.confirmations,
    pollMs: limits.receiptPollMs,
    signal: AbortSignal.any([work.lease.signal, AbortSignal.timeout(limits.receiptTimeoutMs)]),
    unseen: tryAgain(work, index),
    agrees: secondOpinion(work, step),
  });
}

/** What is done at each look at which the step is in no block. */
function tryAgain(work: PlanWork, index: number): (head: Head) => Promise<void> {
  const { limits } = work.tools;
  let offeredMs = performance.now();
  let triedMs = Number.NEGATIVE_INFINITY;
  return async (head) => {
    const nowMs = performance.now();
    const due = nowMs - triedMs < limits.resendMs / 4 ? null : await dueNow(work, index, head);
    if (due !== null) triedMs = nowMs;
    const replaced = due !== null && (await replaceStep(work, index, due));
    if (!replaced && nowMs - offeredMs < limits.resendMs) return;
    // A step before it may have gone from the chain, and without that one this one is never mined.
    if (!replaced) await restoreSteps(work);
    await offerLatest(work, index, head);
    offeredMs = performance.now();
  };
}

async function dueNow(work: PlanWork, index: number, head: Head | null): Promise<Replacement | null> {
  const { tools, plan } = work;
  const killed = (await tools.stopAsked())?.state === 'killed';
  return replacementDue({
    step: stepAt(work, index),
    nowMs: tools.now(),
    planDeadlineMs: Date.parse(plan.run.deadline),
    head,
    killed,
    bumpAfterMs: tools.limits.bumpAfterMs,
  });
}

function offerLatest(work: PlanWork, index: number, head: Head | null): Promise<void> {
  const step = stepAt(work, index);
  const attempt = latestAttempt(step);
  return offer(work.tools, { planId: work.plan.planId, step, attempt, head: head?.number ?? null });
}

function stepAt(work: PlanWork, index: number): RecordedStep {
  const step = work.record.steps[index];
  if (step === undefined) throw new Error(`plan ${work.plan.planId} has no step ${index}`);
  return step;
}
