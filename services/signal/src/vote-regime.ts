import type { EventData, marketObserved, Regime, ViewSettings } from '@rangeward/contracts';

type Observed = EventData<typeof marketObserved>;
type Vote = Regime['votes'][number];

const YEAR_S = 365 * 86_400;
const WEEK_S = 7 * 86_400;
/** Least returns for a volatility; fewer are noise. */
const MIN_RETURNS = 6;
const MEAN_PERIODS = 20;
const THRUST_PERIODS = 10;
/** Zweig's bounds of the breadth thrust. */
const THRUST = { calmAt: 0.615, volatileAt: 0.4 };
const ABOVE_MEAN = { calmAt: 0.7, volatileAt: 0.3 };

/**
 * The kind of market by the majority of three indicators, normal when all three differ. They were made for a market of
 * many; here there is one pool, so that breadth is over its own candles in time, which says less. The realised volatility
 * is of up to seven days: as far back as the candles reach, a day unless configured otherwise.
 *
 * - realised volatility: a year's, from the closes;
 * - share above mean: of the candles with 20 before them, how many closed above the mean of these and their own;
 * - breadth thrust: 10-period exponential mean of rising candles among those that moved.
 */
export function voteRegime(observed: Observed, settings: ViewSettings['regime']): Regime {
  const closes = observed.candles.map(({ close }) => close);
  const { calmBelowAnnual, volatileAboveAnnual } = settings;
  const votes = [
    castVote('realised-volatility', realisedVolatility(closes, observed.candleSeconds), {
      calmAt: calmBelowAnnual,
      volatileAt: volatileAboveAnnual,
    }),
    castVote('share-above-mean', shareAboveMean(closes), ABOVE_MEAN),
    castVote('breadth-thrust', breadthThrust(closes), THRUST),
  ];
  return { name: majorityOf(votes), votes };
}

function castVote(
  indicator: Vote['indicator'],
  value: number | null,
  at: { readonly calmAt: number; readonly volatileAt: number },
): Vote {
  const beyond = (bound: number, other: number) => value !== null && (bound < other ? value <= bound : value >= bound);
  const calm = beyond(at.calmAt, at.volatileAt);
  const vote = calm ? 'calm' : beyond(at.volatileAt, at.calmAt) ? 'volatile' : 'normal';
  return { indicator, value, ...at, vote };
}

function majorityOf(votes: readonly Vote[]): Regime['name'] {
  const twice = votes.find(({ vote }) => votes.filter((other) => other.vote === vote).length * 2 > votes.length);
  return twice?.vote ?? 'normal';
}

function realisedVolatility(closes: readonly number[], candleSeconds: number): number | null {
  const first = Math.max(1, closes.length - Math.floor(WEEK_S / candleSeconds));
  let squares = 0;
  let returns = 0;
  for (let index = first; index < closes.length; index++) {
    const [before, close] = [closes[index - 1] ?? 0, closes[index] ?? 0];
    if (before <= 0 || close <= 0) continue;
    squares += Math.log(close / before) ** 2;
    returns += 1;
  }
  return returns < MIN_RETURNS ? null : Math.sqrt((squares / returns / candleSeconds) * YEAR_S);
}

function shareAboveMean(closes: readonly number[]): number | null {
  let sum = 0;
  let above = 0;
  let counted = 0;
  for (let index = 0; index < closes.length; index++) {
    const close = closes[index] ?? 0;
    sum += close - (closes[index - MEAN_PERIODS] ?? 0);
    if (index < MEAN_PERIODS) continue;
    counted += 1;
    if (close * MEAN_PERIODS > sum) above += 1;
  }
  return counted === 0 ? null : above / counted;
}

function breadthThrust(closes: readonly number[]): number | null {
  const weight = 2 / (THRUST_PERIODS + 1);
  let mean: number | null = null;
  let moved = 0;
  for (let index = 1; index < closes.length; index++) {
    const change = (closes[index] ?? 0) - (closes[index - 1] ?? 0);
    if (change === 0) continue;
    const rose = change > 0 ? 1 : 0;
    mean = mean === null ? rose : mean + weight * (rose - mean);
    moved += 1;
  }
  return moved < THRUST_PERIODS ? null : mean;
}
