import { findReceipt, latestBlock, type RecordedReceipt, waitForReceipt } from '@rangeward/adapter-evm/receipts';
import { sendRaw } from '@rangeward/adapter-evm/send-raw';
import { doneSteps, type RecordedStep, withReceipt, withReceiptOf } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';
import { boundary, sourcesOf } from './wallet-tools.ts';

/** Sends a recorded step unless the chain has it, and waits for its receipt. The same bytes, however often. */
export async function settleStep(work: PlanWork, step: RecordedStep): Promise<void> {
  const { tools, plan, lease } = work;
  const receipt = (await minedAlready(work, step)) ?? (await sendAndWait(work, step));
  await boundary(tools, `${step.name}:mined`);
  lease.signal.throwIfAborted();
  const record = withReceipt(work.record, receipt);
  // Proves, before it is written, that the receipt can be read: everything later is built on it.
  doneSteps(record, sourcesOf(tools, plan));
  const next = step.nonce + 1;
  work.version = await tools.records.stepDone(lease.fence, plan.planId, work.version, record, next);
  work.record = record;
  const { hash, block, status, gasUsed } = receipt;
  tools.log.info({ planId: plan.planId, step: step.name, hash, block, status, gasUsed }, 'step done');
  await boundary(tools, `${step.name}:done`);
}

/** A look before sending: after a crash the transaction may long be in a block. */
async function minedAlready(work: PlanWork, step: RecordedStep): Promise<RecordedReceipt | null> {
  return (await receiptNow(work, step)) === null ? null : awaitReceipt(work, step);
}

/** What the node shows of a step at this moment; null when nothing. */
export async function receiptNow(
  { tools }: Pick<PlanWork, 'tools'>,
  step: RecordedStep,
): Promise<RecordedReceipt | null> {
  const found = await Promise.all(step.attempts.map(({ hash }) => findReceipt(tools.client, hash)));
  return found.find((receipt) => receipt !== null) ?? null;
}

async function sendAndWait(work: PlanWork, step: RecordedStep): Promise<RecordedReceipt> {
  await offer(work, step);
  await boundary(work.tools, `${step.name}:sent`);
  return awaitReceipt(work, step);
}

async function offer({ tools, plan }: PlanWork, step: RecordedStep): Promise<void> {
  const latest = step.attempts.at(-1);
  if (latest === undefined) throw new Error(`step ${step.name} was recorded without a signed form`);
  const answer = await sendRaw(tools.client, latest.raw);
  if (answer.kind === 'refused') throw new Error(`the node refuses ${step.name}: ${answer.reason}`);
  if (answer.kind === 'unknown') {
    const { reason } = answer;
    tools.log.warn({ planId: plan.planId, step: step.name, reason }, 'no clear answer to a send; its receipt decides');
  }
}

function awaitReceipt(work: PlanWork, step: RecordedStep): Promise<RecordedReceipt> {
  const { limits, client } = work.tools;
  // An approval moves nothing and the step after it fails without it, so a block is enough.
  const isApproval = step.name.startsWith('approve-') || step.name.startsWith('reset-');
  return waitForReceipt(client, {
    hashes: step.attempts.map(({ hash }) => hash),
    confirmations: isApproval ? 1 : limits.confirmations,
    pollMs: limits.receiptPollMs,
    signal: AbortSignal.any([work.lease.signal, AbortSignal.timeout(limits.receiptTimeoutMs)]),
    resend: () => offer(work, step),
    resendMs: limits.resendMs,
  });
}

/** The node does not reach to a block in which a step was done: it lags, or the chain lost the block. Looked at again later. */
export class ChainBehind extends Error {
  override readonly name = 'ChainBehind';
}

/**
 * Holds what the record says was done against the chain as it is now. A step that a reorganisation took away is sent again,
 * the same bytes, and one that lies in another block now is read again: its outcome may be another one. True when the record
 * changed, so that whoever was about to build on it looks again. Throws ChainBehind when the node cannot tell.
 */
export async function restoreSteps(work: PlanWork): Promise<boolean> {
  const { tools, plan, lease } = work;
  const shown = await Promise.all(work.record.steps.map((step) => receiptNow(work, step)));
  let changed = false;
  for (const [index, step] of work.record.steps.entries()) {
    if (step.receipt === null || shown[index]?.blockHash === step.receipt.blockHash) continue;
    const about = { planId: plan.planId, step: step.name, block: step.receipt.block };
    if ((await latestBlock(tools.client)) < step.receipt.block) {
      throw new ChainBehind(`the node does not reach block ${step.receipt.block}, in which ${step.name} was done`);
    }
    tools.log.warn(about, 'a step that was done is not on the chain any more as it was: the same bytes again');
    const receipt = (await minedAlready(work, step)) ?? (await sendAndWait(work, step));
    lease.signal.throwIfAborted();
    const record = withReceiptOf(work.record, index, receipt);
    doneSteps(record, sourcesOf(tools, plan));
    work.version = await tools.records.save(lease.fence, plan.planId, work.version, record);
    work.record = record;
    changed = true;
  }
  return changed;
}

/** As `restoreSteps`, for who waits anyhow: a node that lags says nothing yet. */
export async function restoreUnlessBehind(work: PlanWork): Promise<boolean> {
  try {
    return await restoreSteps(work);
  } catch (error) {
    if (error instanceof ChainBehind) return false;
    throw error;
  }
}
