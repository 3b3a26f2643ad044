import type { StoredRun } from '@rangeward/adapter-redis/run-records';
import type { Run, RunResult } from '@rangeward/contracts';

/**
 * Whether another live run of the position may have had its money on the way while this one looked: then it saw an emptied
 * NFT, and nothing of what was to go into the next. `others` are runs of any position that began before this one ended.
 */
export function movedMeanwhile(
  run: Run,
  { completedAt }: Pick<RunResult, 'completedAt'>,
  others: readonly StoredRun[],
): boolean {
  const endedMs = Date.parse(completedAt ?? run.deadline);
  return others.some(({ run: other, facts, result }) => {
    const isAnother = other.id !== run.id && other.mode === 'live' && isSamePosition(other, run);
    if (!isAnother || Date.parse(other.startedAt) > endedMs) return false;
    // Of a run that is not over the ledger may not have heard yet what it decided.
    if (result === null) return facts.decision === undefined || hasPlan(facts.decision);
    return result.planId !== null && Date.parse(result.completedAt ?? other.deadline) >= Date.parse(run.startedAt);
  });
}

function isSamePosition(a: Run, b: Run): boolean {
  return a.chain === b.chain && a.pool === b.pool && a.position === b.position;
}

function hasPlan(decision: unknown): boolean {
  return typeof decision === 'object' && decision !== null && 'planId' in decision && decision.planId !== null;
}
