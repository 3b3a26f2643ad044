import { normalShareBelow } from '@rangeward/signal/score-forecast';

/** A grid of settings to try: names as the configuration spells them, with the values of each. */
export type Grid = ReadonlyMap<string, readonly string[]>;

export type Trial = Readonly<Record<string, string>>;

/** All combinations, in the order of the grid. */
export function trialsOf(grid: Grid): Trial[] {
  let trials: Trial[] = [{}];
  for (const [name, values] of grid) {
    trials = trials.flatMap((trial) => values.map((value) => ({ ...trial, [name]: value })));
  }
  return trials;
}

/** A stretch to choose on and the one right after it to be judged on, Unix seconds. */
export type Fold = {
  readonly train: { readonly startS: number; readonly endS: number };
  readonly test: { readonly startS: number; readonly endS: number };
};

/** Walk-forward: `folds + 1` stretches of the same length; each is chosen on one and judged on the next. */
export function foldsOf(startS: number, endS: number, folds: number): Fold[] {
  const length = Math.floor((endS - startS) / (folds + 1));
  return Array.from({ length: folds }, (_, index) => {
    const trainS = startS + index * length;
    return {
      train: { startS: trainS, endS: trainS + length },
      test: { startS: trainS + length, endS: trainS + 2 * length },
    };
  });
}

export type FoldResult = {
  readonly fold: Fold;
  readonly chosen: Trial;
  /** Scores of the chosen trial where it was chosen and where it was judged, and of the settings as they are. */
  readonly trainScore: number;
  readonly testScore: number;
  readonly defaultScore: number;
  /** What the best of so many trials scores above the mean by luck alone. */
  readonly luck: number;
};

export type GridSearch = {
  readonly trials: number;
  readonly folds: readonly FoldResult[];
  readonly warning: string;
};

/**
 * Tries every trial on each train stretch, takes the best and runs it on the stretch after it, which had no say. `score`
 * is better when greater; the empty trial is the settings as they are.
 */
export function searchGrid(
  grid: Grid,
  folds: readonly Fold[],
  score: (trial: Trial, span: Fold['train']) => number,
): GridSearch {
  const trials = trialsOf(grid);
  const results = folds.map((fold): FoldResult => {
    const scored = trials.map((trial) => ({ trial, score: score(trial, fold.train) }));
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
    return {
      fold,
      chosen: best.trial,
      trainScore: best.score,
      testScore: score(best.trial, fold.test),
      defaultScore: score({}, fold.test),
      luck: expectedBestOfChance(scored.map((one) => one.score)),
    };
  });
  return { trials: trials.length, folds: results, warning: warningOf(trials.length, results) };
}

function warningOf(trials: number, folds: readonly FoldResult[]): string {
  const lost = folds.filter(({ testScore, defaultScore }) => testScore <= defaultScore).length;
  return `${trials} trials on each stretch: the best of so many looks good by luck alone ("of it luck"). Judged where it had no say, the chosen one was no better than the settings as they are in ${lost} of ${folds.length} stretches.`;
}

const EULER = 0.5772156649015329;

/**
 * By how much the best of n scores lies above their mean when none of them has any skill: their standard deviation times
 * the expected largest of n standard normals (Bailey and Lopez de Prado 2014, "The deflated Sharpe ratio", eq. 6).
 */
export function expectedBestOfChance(scores: readonly number[]): number {
  const count = scores.length;
  if (count < 2) return 0;
  const mean = scores.reduce((sum, value) => sum + value, 0) / count;
  const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const largest = (1 - EULER) * normalQuantile(1 - 1 / count) + EULER * normalQuantile(1 - 1 / (count * Math.E));
  return Math.sqrt(variance) * largest;
}

/** By bisection of the distribution function; to about 1e-7, as that is. */
function normalQuantile(share: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalShareBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
