import type { EventData, marketObserved, Opinion, Prior, recommendation, ViewSettings } from '@rangeward/contracts';
import { applyOpinion, opinionEffectOf } from './apply-opinion.ts';
import { buildLikelihood, type Likelihood } from './build-likelihood.ts';
import { usdE6FromLog } from './log-price-axis.ts';
import { optimiseRange } from './optimise-range.ts';
import { otherRanges } from './other-ranges.ts';
import { type TickPosterior, updatePosterior } from './update-posterior.ts';
import { voteRegime } from './vote-regime.ts';

type Observed = EventData<typeof marketObserved>;

/**
 * From what was observed, the prior and the model's opinion to a range; the same input gives the same bits. The opinion is
 * bounded (apply-opinion.ts); where it changes anything, the range without it travels along. So do the settings: from the
 * observation, these and the opinion recompute.ts makes all of it again.
 */
export function recommend(
  observed: Observed,
  prior: Prior,
  settings: ViewSettings,
  opinion: Opinion,
): EventData<typeof recommendation> {
  const likelihood = buildLikelihood(observed, settings.likelihood, settings.horizonS);
  const { pool } = observed.market;
  const own = pooledPosterior({ prior, likelihood, settings, pool });
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
    alternatives: otherRanges(posterior, observed.market, settings.coverage),
    regime: voteRegime(observed, settings.regime),
    settings,
    feedComplete: observed.feedComplete,
    ...(volumePerDayUsdE6 === null ? {} : { volumePerDayUsdE6 }),
  };
}

type Pooled = {
  readonly prior: Prior;
  readonly likelihood: Likelihood;
  readonly settings: ViewSettings;
  readonly pool: Observed['market']['pool'];
};

/**
 * The posterior without the model: prior and likelihood pooled on the tick grid. From fields of the recommendation, so that
 * a view can be scored, or tried with another opinion, with nothing but its event at hand.
 *
 * The prior weighs as much as `priorReturns` candle returns. It is a lagging mean of the price that the likelihood begins
 * at, and a regression of the next hour on how far it lies away finds nothing in it: with a day of candles it has one part
 * in a hundred, and more the fewer candles there are.
 */
export function pooledPosterior({ prior, likelihood, settings, pool }: Pooled): TickPosterior {
  const { priorReturns } = settings;
  const priorWeight = priorReturns / (priorReturns + Math.max(likelihood.candles, settings.likelihood.minReturns));
  const views = [
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
  return updatePosterior(views, pool, settings.maxPoints);
}

/** Dollars traded in the candles, scaled to a day and rounded down; null without candles. */
function volumePerDay(observed: Observed): number | null {
  if (observed.candles.length === 0) return null;
  const traded = observed.candles.reduce((sum, candle) => sum + candle.volumeUsdE6, 0);
  const perDay = (traded * 86_400) / (observed.candles.length * observed.candleSeconds);
  return Math.min(Number.MAX_SAFE_INTEGER, Math.floor(perDay));
}
