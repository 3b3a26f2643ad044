import { type Calibration, calibrate, compareScores } from '@rangeward/signal/calibrate';
import { pooledPosterior } from '@rangeward/signal/recommend';
import { type ForecastScore, type Outcome, scoreNormal, scorePosterior } from '@rangeward/signal/score-forecast';
import type { Decided } from './run-strategy.ts';
import { countUntil, type TradeColumns } from './trade-columns.ts';

/** How good the views of a backtest were, out of sample: each was made before its outcome was known. */
export type ViewScores = {
  readonly horizonS: number;
  readonly ours: Calibration;
  /** A random walk with the exponentially weighted volatility of the same candles. */
  readonly walk: Calibration;
  /** A normal of one volatility for all times, set by looking at the whole past: it knows the future, and we do not. */
  readonly constant: Calibration;
  /** Ours less theirs in CRPS, and the standard error; below 0 we are better. */
  readonly againstWalk: { readonly difference: number; readonly standardError: number };
};

/**
 * Scores the views of the scheduled decisions, so far apart that their horizons do not overlap. What came of them is the
 * pool's price at the horizon. Null when no horizon ended within the past.
 */
export function scoreViews(decided: readonly Decided[], trades: TradeColumns): ViewScores | null {
  const lastS = trades.timeS[trades.length - 1] ?? 0;
  const ours: ForecastScore[] = [];
  const walk: ForecastScore[] = [];
  const outcomes: Outcome[] = [];
  let horizonS = 0;
  let freeS = 0;
  for (const { atS, trigger, view, baseline, priceUsdE6 } of decided) {
    if (view === null || baseline === null || view.settings === undefined || trigger !== 'scheduled' || atS < freeS)
      continue;
    horizonS = view.posterior.horizonS;
    if (atS + horizonS > lastS) break;
    freeS = atS + horizonS;
    const { prior, likelihood, settings } = view;
    const { pool } = view.market;
    const outcome = { log: logAt(trades, atS + horizonS), nowLog: Math.log(priceUsdE6 / 1e6) };
    ours.push(scorePosterior(pooledPosterior({ prior, likelihood, settings, pool }), pool, outcome));
    walk.push(scoreNormal(baseline, outcome));
    outcomes.push(outcome);
  }
  if (ours.length === 0) return null;
  const meanSquare = outcomes.reduce((sum, { log, nowLog }) => sum + (log - nowLog) ** 2, 0) / ours.length;
  const constant = outcomes.map((outcome) =>
    scoreNormal({ centerLog: outcome.nowLog, sigmaLog: Math.max(1e-9, Math.sqrt(meanSquare)) }, outcome),
  );
  return {
    horizonS,
    ours: calibrate(ours),
    walk: calibrate(walk),
    constant: calibrate(constant),
    againstWalk: compareScores(ours, walk, 'crps'),
  };
}

function logAt(trades: TradeColumns, timeS: number): number {
  return Math.log((trades.priceUsdE6[countUntil(trades, timeS) - 1] ?? 0) / 1e6);
}
