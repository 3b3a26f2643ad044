import type { EventData, marketObserved, Opinion, Prior, recommendation, ViewSettings } from '@rangeward/contracts';
import { computePrior } from './compute-prior.ts';
import { recommend } from './recommend.ts';

/**
 * A run's view once more, bit for bit, from what its events carry: the market-observed, and of the recommendation the
 * settings and the opinion. No clock, no configuration, no model.
 */
export function recompute(
  observed: EventData<typeof marketObserved>,
  settings: ViewSettings,
  opinion: Opinion,
): { prior: Prior; recommendation: EventData<typeof recommendation> } {
  const prior = computePrior(observed, settings.prior, settings);
  return { prior, recommendation: recommend(observed, prior, settings, opinion) };
}
