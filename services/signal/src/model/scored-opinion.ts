import type { EventData, modelScored } from '@rangeward/contracts';
import type { ScoredOpinion } from './earn-weight.ts';

/** What a weight is earned by, of a score as it was said. */
export function scoredOpinionOf({ from, outcome, without, full }: EventData<typeof modelScored>): ScoredOpinion {
  return { fromMs: Date.parse(from), outcomeAtMs: Date.parse(outcome.at), without, full };
}
