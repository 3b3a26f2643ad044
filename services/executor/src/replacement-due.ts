import type { Head } from '@rangeward/adapter-evm/receipts';
import { latestAttempt, type RecordedStep } from './plan-record.ts';

export type Replacement = 'bump' | 'cancel';

type DueQuestion = {
  readonly step: Pick<RecordedStep, 'name' | 'attempts' | 'deadlineS'>;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
  /** When the run that the plan belongs to must be over. */
  readonly planDeadlineMs: number;
  /** Null before the chain was asked. */
  readonly head: Head | null;
  /** A person, or a rule, wants nothing more to happen. */
  readonly killed: boolean;
  readonly bumpAfterMs: number;
};

/**
 * Whether a signed step that is in no block shall be replaced, and by what. It is cancelled when it is too late for it or
 * trading was killed; else paid better when it waited through a block and long enough. The return of an approval is never
 * cancelled, because that is how a plan ends safely, and a cancellation can only be paid better.
 */
export function replacementDue(of: DueQuestion): Replacement | null {
  const latest = latestAttempt(of.step);
  const cancels = latest.cancels === true;
  const mayBeCancelled = !cancels && !of.step.name.startsWith('reset-');
  if (mayBeCancelled && (of.killed || isTooLate(of))) return 'cancel';
  if (of.killed && !cancels) return null;
  const waitedMs = of.nowMs - (latest.at ?? 0);
  const passed = of.head !== null && of.head.number > (latest.block ?? 0);
  return passed && waitedMs >= of.bumpAfterMs ? 'bump' : null;
}

function isTooLate({ step: { deadlineS }, nowMs, planDeadlineMs, head }: DueQuestion): boolean {
  if (nowMs > planDeadlineMs) return true;
  // The next block is later than the latest one, and the contracts refuse what comes after the deadline.
  return deadlineS !== undefined && head !== null && head.timestampS >= BigInt(deadlineS);
}
