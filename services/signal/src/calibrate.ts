import { COVERAGES, type ForecastScore } from './score-forecast.ts';

/** What many forecasts were worth together. Group them (by horizon, by regime) before, and calibrate each group. */
export type Calibration = {
  readonly forecasts: number;
  readonly ranges: readonly RangeCalibration[];
  /** Outcomes by tenths of the forecast they fell in, lowest first; even when calibrated. */
  readonly pitCounts: readonly number[];
  /** Means over the forecasts; see ForecastScore. */
  readonly crps: number;
  readonly logScore: number;
  readonly directionBrier: number;
};

export type RangeCalibration = {
  readonly coverage: number;
  /** Mean mass of the ranges: what the hit rate ought to be. */
  readonly promised: number;
  /** Share of outcomes that the smallest range held. */
  readonly hitRate: number;
  /** Between these the true rate lies with 95 %, had the outcomes nothing to do with one another (Wilson). */
  readonly hitRateLow: number;
  readonly hitRateHigh: number;
  /** Share of outcomes within the middle of the forecast, without a tick grid. */
  readonly centralHitRate: number;
};

const PIT_BINS = 10;

/** The means of the scores; NaN, and empty counts, of none. */
export function calibrate(scores: readonly ForecastScore[]): Calibration {
  const pitCounts = new Array<number>(PIT_BINS).fill(0);
  for (const { pit } of scores) {
    const bin = Math.min(PIT_BINS - 1, Math.floor(pit * PIT_BINS));
    pitCounts[bin] = (pitCounts[bin] ?? 0) + 1;
  }
  return {
    forecasts: scores.length,
    ranges: COVERAGES.map((coverage, index) => calibrateRange(scores, coverage, index)),
    pitCounts,
    crps: mean(scores, ({ crps }) => crps),
    logScore: mean(scores, ({ logScore }) => logScore),
    directionBrier: mean(scores, ({ directionBrier }) => directionBrier),
  };
}

function calibrateRange(scores: readonly ForecastScore[], coverage: number, index: number): RangeCalibration {
  const hitRate = mean(scores, ({ ranges }) => (ranges[index]?.held ? 1 : 0));
  return {
    coverage,
    promised: mean(scores, ({ ranges }) => ranges[index]?.promised ?? Number.NaN),
    hitRate,
    ...wilson(hitRate, scores.length),
    centralHitRate: mean(scores, ({ pit }) => (Math.abs(2 * pit - 1) <= coverage ? 1 : 0)),
  };
}

/** Score interval of a share at 95 %. */
function wilson(share: number, count: number): { hitRateLow: number; hitRateHigh: number } {
  const z = 1.96;
  const middle = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return { hitRateLow: middle - half, hitRateHigh: middle + half };
}

/**
 * By how much one forecaster's score differs from another's over the same outcomes, in order: the mean of the differences
 * (below 0: `ours` is less) and its standard error. Only a difference of more than two of them means anything.
 */
export function compareScores(
  ours: readonly ForecastScore[],
  theirs: readonly ForecastScore[],
  of: 'crps' | 'logScore' | 'directionBrier',
): { readonly difference: number; readonly standardError: number } {
  const differences = ours.map((score, index) => score[of] - (theirs[index]?.[of] ?? Number.NaN));
  const difference = mean(differences, (value) => value);
  const variance = mean(differences, (value) => (value - difference) ** 2);
  return { difference, standardError: Math.sqrt(variance / Math.max(1, differences.length - 1)) };
}

function mean<Item>(items: readonly Item[], of: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum / items.length;
}
