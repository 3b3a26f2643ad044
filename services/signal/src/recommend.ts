import type { EventData, marketObserved, Opinion, Prior, recommendation } from '@rangeward/contracts';
import { applyOpinion, opinionEffectOf } from './apply-opinion.ts';
import { buildLikelihood, type Likelihood, type LikelihoodSettings } from './build-likelihood.ts';
import type { View } from './combine-views.ts';
import type { PriorSettings } from './compute-prior.ts';
import { usdE6FromLog } from './log-price-axis.ts';
import { optimiseRange } from './optimise-range.ts';
import { updatePosterior } from './update-posterior.ts';

export type RecommendSettings = {
  /** How far ahead the view reaches, seconds. */
  readonly horizonS: number;
  /** Share of the posterior that the range must hold. */
  readonly coverage: number;
  /** Weight of the prior beside the likelihood, which has the rest to 1. */
  readonly priorWeight: number;
  /** Most points at which the posterior is evaluated. */
  readonly maxPoints: number;
  readonly prior: PriorSettings;
  readonly likelihood: LikelihoodSettings;
};

/**
 * From what was observed, the prior and the model's opinion to a range; the same input gives the same bits. The opinion is
 * bounded (apply-opinion.ts); where it changes anything, the range without it travels along.
 */
export function recommend(
  observed: EventData<typeof marketObserved>,
  prior: Prior,
  settings: RecommendSettings,
  opinion: Opinion,
): EventData<typeof recommendation> {
  const likelihood = buildLikelihood(observed, settings.likelihood, settings.horizonS);
  const { pool } = observed.market;
  const own = updatePosterior(viewsOf(prior, likelihood, settings.priorWeight), pool, settings.maxPoints);
  const opinionEffect = opinionEffectOf(opinion);
  const posterior = applyOpinion(own, opinionEffect, pool);
  const volumePerDayUsdE6 = volumePerDay(observed);
  return {
    run: observed.run,
    market: observed.market,
    prior,
    likelihood,
    opinion,
    opinionEffect,
    posterior: {
      centerUsdE6: usdE6FromLog(posterior.centerLog),
      centerLog: posterior.centerLog,
      sigmaLog: posterior.sigmaLog,
      horizonS: settings.horizonS,
    },
    range: optimiseRange(posterior, pool, settings.coverage),
    ...(posterior === own ? {} : { rangeWithoutOpinion: optimiseRange(own, pool, settings.coverage) }),
    ...(volumePerDayUsdE6 === null ? {} : { volumePerDayUsdE6 }),
  };
}

/** Everything that has a say in the posterior, one entry each. */
function viewsOf(prior: Prior, likelihood: Likelihood, priorWeight: number): View[] {
  return [
    {
      centerLog: prior.centerLog,
      sigmaLog: prior.sigmaLog,
      degreesOfFreedom: Number.POSITIVE_INFINITY,
      weight: priorWeight,
    },
    {
      centerLog: likelihood.centerLog,
      sigmaLog: likelihood.sigmaLog,
      degreesOfFreedom: likelihood.degreesOfFreedom,
      weight: 1 - priorWeight,
    },
  ];
}

/** Dollars traded in the candles, scaled to a day and rounded down; null without candles. */
function volumePerDay(observed: EventData<typeof marketObserved>): number | null {
  if (observed.candles.length === 0) return null;
  const traded = observed.candles.reduce((sum, candle) => sum + candle.volumeUsdE6, 0);
  const perDay = (traded * 86_400) / (observed.candles.length * observed.candleSeconds);
  return Math.min(Number.MAX_SAFE_INTEGER, Math.floor(perDay));
}
