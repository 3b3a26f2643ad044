import type { ViewSettings } from '@rangeward/contracts';
import { constantVolatility, ewmaRandomWalk, RISK_METRICS_DECAY } from '@rangeward/signal/baseline-forecasts';
import { signalSettings } from '@rangeward/signal/config';
import { pooledPosterior } from '@rangeward/signal/recommend';
import { recompute } from '@rangeward/signal/recompute';
import { type ForecastScore, type Outcome, scoreNormal, scorePosterior } from '@rangeward/signal/score-forecast';
import type { Moment } from './observe-trades.ts';

/** The settings of signal when nobody says otherwise, on a chain of twelve seconds a block. */
const defaults = { ...signalSettings.parse({}), blockTimeS: 12 };
const nobodyAsked = { kind: 'none', reason: 'off', detail: 'no model is asked' } as const;

/** Scores of the same outcomes, in order. */
export type ViewScores = {
  readonly ours: readonly ForecastScore[];
  readonly ewma: readonly ForecastScore[];
  readonly constant: readonly ForecastScore[];
};

/**
 * Our view as production makes it, beside a random walk with RiskMetrics' volatility and a normal of one volatility, which
 * is given; each from what was observed alone. A moment at which a baseline has nothing to say counts for nobody.
 */
export function scoreViews(moments: readonly Moment[], horizonS: number, constantAnnual: number): ViewScores {
  const settings = { ...defaults, horizonS };
  const scores = { ours: [] as ForecastScore[], ewma: [] as ForecastScore[], constant: [] as ForecastScore[] };
  for (const { observed, nowLog, outcomeLogs } of moments) {
    const outcome = { log: outcomeLogs.get(horizonS) ?? Number.NaN, nowLog };
    const now = { ...observed, priceUsd: Math.exp(nowLog) };
    const walk = ewmaRandomWalk(now, { horizonS, decay: RISK_METRICS_DECAY });
    if (walk === null || Number.isNaN(outcome.log)) continue;
    scores.ours.push(scoreOurs(observed, settings, outcome));
    scores.ewma.push(scoreNormal(walk, outcome));
    scores.constant.push(scoreNormal(constantVolatility(now.priceUsd, constantAnnual, { horizonS }), outcome));
  }
  return scores;
}

function scoreOurs(observed: Moment['observed'], settings: ViewSettings, outcome: Outcome): ForecastScore {
  const { recommendation } = recompute(observed, settings, nobodyAsked);
  const { prior, likelihood } = recommendation;
  const { pool } = observed.market;
  return scorePosterior(pooledPosterior({ prior, likelihood, settings, pool }), pool, outcome);
}
