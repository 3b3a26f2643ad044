import { checkInvariants, type InvariantVerdict } from './check-invariants.ts';
import { readEvidence, type Sources } from './read-evidence.ts';

export type InvariantReport = {
  /** ISO 8601 UTC: when it was looked, and since when plans were looked at. */
  readonly at: string;
  readonly since: string;
  readonly plans: number;
  readonly verdicts: readonly InvariantVerdict[];
  readonly violations: number;
};

/** Looks at everything that was done since a moment, and says what must never be and was. Writes nothing anywhere. */
export async function auditInvariants(
  sources: Sources,
  times: { readonly sinceMs: number; readonly nowMs: number },
): Promise<InvariantReport> {
  const evidence = await readEvidence(sources, times);
  const verdicts = checkInvariants(evidence);
  return {
    at: new Date(times.nowMs).toISOString(),
    since: new Date(times.sinceMs).toISOString(),
    plans: evidence.plans.length,
    verdicts,
    violations: verdicts.reduce((sum, { violations }) => sum + violations.length, 0),
  };
}
