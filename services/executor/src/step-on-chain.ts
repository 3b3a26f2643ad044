import { isDeepStrictEqual } from 'node:util';
import { blockHashAt, findReceipt, type RecordedReceipt } from '@rangeward/adapter-evm/receipts';
import type { WalletClient } from '@rangeward/adapter-evm/wallet-client';
import { isCancelled, type RecordedStep } from './plan-record.ts';
import { type EventSources, factsOf } from './step-facts.ts';

/** A step that was done, by the chain of this moment. */
export type StepNow =
  | { readonly kind: 'as-recorded' }
  /** In another block, where its outcome may be another one. */
  | { readonly kind: 'moved'; readonly receipt: RecordedReceipt }
  /** Its block is not on the chain any more, and it is in no other. */
  | { readonly kind: 'gone' }
  /** The node cannot tell, and why. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** What the node shows of a step at this moment, whichever of its signed forms; null when nothing. */
export async function receiptNow(
  client: WalletClient,
  step: Pick<RecordedStep, 'attempts'>,
): Promise<RecordedReceipt | null> {
  const found = await Promise.all(step.attempts.map(({ hash }) => findReceipt(client, hash)));
  return found.find((receipt) => receipt !== null) ?? null;
}

/**
 * Holds the receipt that is recorded against the chain. That a node shows none proves nothing: it may lag. Gone it is when
 * another block stands where it was. Throws when the node does not answer.
 */
export async function stepNow(client: WalletClient, step: RecordedStep, recorded: RecordedReceipt): Promise<StepNow> {
  const receipt = await receiptNow(client, step);
  if (receipt !== null) {
    const same = receipt.hash === recorded.hash && receipt.blockHash === recorded.blockHash;
    return same ? { kind: 'as-recorded' } : { kind: 'moved', receipt };
  }
  const blockHash = await blockHashAt(client, recorded.block);
  if (blockHash === null) {
    return {
      kind: 'unclear',
      reason: `the node does not reach block ${recorded.block}, in which ${step.name} was done`,
    };
  }
  if (blockHash !== recorded.blockHash) return { kind: 'gone' };
  return { kind: 'unclear', reason: `the node has block ${recorded.block}, but not the receipt of ${step.name} in it` };
}

/** Whether a step came to the same in both receipts, so that what was built on the one holds by the other. */
export function sameOutcome(
  step: RecordedStep,
  sources: EventSources,
  [one, other]: readonly [RecordedReceipt, RecordedReceipt],
): boolean {
  const outcome = (receipt: RecordedReceipt) => {
    const cancelled = isCancelled({ attempts: step.attempts, receipt });
    const { status } = receipt;
    const did = status === 'success' && !cancelled ? factsOf(step.name, receipt.logs, sources) : null;
    return { cancelled, status, did };
  };
  return isDeepStrictEqual(outcome(one), outcome(other));
}
