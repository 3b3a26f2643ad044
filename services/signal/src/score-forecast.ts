import type { Market } from '@rangeward/contracts';
import { logPriceAtTick, logPriceAxis } from './log-price-axis.ts';
import { smallestWindow } from './optimise-range.ts';
import type { TickPosterior } from './update-posterior.ts';

/**
 * How good a view of the price was, once the price at its horizon is known. All over the natural logarithm of the price
 * in dollars. Scores are for means over many forecasts: one alone says little. (Gneiting and Raftery 2007 has the rules.)
 */
export type ForecastScore = {
  /** Share of the forecast below the outcome; even from 0 to 1 over many forecasts that are calibrated. */
  readonly pit: number;
  /** Continuous ranked probability score in log price, 0.01 is about 1 %; less is better. */
  readonly crps: number;
  /** Logarithm of the density at the outcome, per unit of log price; more is better. */
  readonly logScore: number;
  /** Squared error of the probability of a higher price than now, from 0 to 1; less is better, 0.25 is a coin. */
  readonly directionBrier: number;
  /** For each of COVERAGES the smallest range. */
  readonly ranges: readonly RangeScore[];
};

export type RangeScore = {
  readonly coverage: number;
  /** Mass that the range really has: on a tick grid it is a little more than asked. */
  readonly promised: number;
  /** Whether the outcome lay in it; the lower end belongs to it, the upper does not. */
  readonly held: boolean;
};

/** What happened: the log price at the horizon, and the one when the forecast was made. */
export type Outcome = { readonly log: number; readonly nowLog: number };

export type NormalForecast = { readonly centerLog: number; readonly sigmaLog: number };

/** Shares that ranges are told for beside the one asked for, and scored by. */
export const COVERAGES = [0.5, 0.8, 0.9, 0.95] as const;

/** An outcome that a forecast held impossible would else spoil the mean of ten thousand. The same for all forecasts. */
const LEAST_DENSITY = 1e-6;

/** Scores a posterior on the tick grid, its mass taken to lie evenly within each bin. */
export function scorePosterior(posterior: TickPosterior, pool: Market['pool'], outcome: Outcome): ForecastScore {
  const bins = ascendingBins(posterior, pool);
  const place = (log: number) => (log - bins.firstLog) / bins.binLog;
  const at = place(outcome.log);
  const pit = shareBelow(bins.masses, at);
  const inside = at >= 0 && at < bins.masses.length;
  const density = inside ? (bins.masses[Math.floor(at)] ?? 0) / bins.binLog : 0;
  return {
    pit,
    crps: bins.binLog * rankedScore(bins.masses, at),
    logScore: Math.log(Math.max(LEAST_DENSITY, density)),
    directionBrier: brier(1 - shareBelow(bins.masses, place(outcome.nowLog)), outcome),
    ranges: COVERAGES.map((coverage) => {
      const { from, to, mass } = smallestWindow(bins.masses, coverage);
      return { coverage, promised: mass, held: from <= at && at < to };
    }),
  };
}

/** Scores a normal density, for the baselines. */
export function scoreNormal({ centerLog, sigmaLog }: NormalForecast, outcome: Outcome): ForecastScore {
  const z = (outcome.log - centerLog) / sigmaLog;
  const density = Math.exp(-z * z * 0.5) / Math.sqrt(2 * Math.PI);
  const pit = normalShareBelow(z);
  return {
    pit,
    crps: sigmaLog * (z * (2 * pit - 1) + 2 * density - 1 / Math.sqrt(Math.PI)),
    logScore: Math.log(Math.max(LEAST_DENSITY, density / sigmaLog)),
    directionBrier: brier(1 - normalShareBelow((outcome.nowLog - centerLog) / sigmaLog), outcome),
    ranges: COVERAGES.map((coverage) => ({
      coverage,
      promised: coverage,
      held: Math.abs(2 * pit - 1) <= coverage,
    })),
  };
}

/** A price that did not move counts as half a rise. */
function brier(chanceOfRise: number, { log, nowLog }: Outcome): number {
  const rose = log > nowLog ? 1 : log < nowLog ? 0 : 0.5;
  return (chanceOfRise - rose) ** 2;
}

type Bins = { readonly firstLog: number; readonly binLog: number; readonly masses: Float64Array };

/** With the dollar as token0 a higher tick is a lower price: turned around, so that bins rise in price. */
function ascendingBins({ firstTick, binTicks, masses }: TickPosterior, pool: Market['pool']): Bins {
  const axis = logPriceAxis(pool);
  const ends = [firstTick, firstTick + binTicks * masses.length].map((tick) => logPriceAtTick(axis, tick));
  return {
    firstLog: Math.min(...ends),
    binLog: Math.abs(axis.slope) * binTicks,
    masses: axis.slope > 0 ? masses : masses.toReversed(),
  };
}

/** Mass below a place, which is counted in bins and may lie between two or outside. */
function shareBelow(masses: Float64Array, place: number): number {
  if (place >= masses.length) return 1;
  let below = 0;
  const whole = Math.floor(place);
  for (let bin = 0; bin < whole; bin++) below += masses[bin] ?? 0;
  if (whole >= 0) below += (masses[whole] ?? 0) * (place - whole);
  return Math.min(1, below);
}

/** Integral of (F - [outcome <= x]) squared, in bins; exact for a distribution function that is straight in each bin. */
function rankedScore(masses: Float64Array, place: number): number {
  let score = Math.max(0, -place) + Math.max(0, place - masses.length);
  let below = 0;
  for (let bin = 0; bin < masses.length; bin++) {
    const mass = masses[bin] ?? 0;
    const split = Math.min(1, Math.max(0, place - bin));
    const middle = below + mass * split;
    score += split * meanSquare(below, middle) + (1 - split) * meanSquare(1 - middle, 1 - below - mass);
    below += mass;
  }
  return score;
}

/** Mean of the square of a line from `from` to `to`. */
function meanSquare(from: number, to: number): number {
  return (from * from + from * to + to * to) / 3;
}

/** Standard normal distribution function, to 1e-7 (Numerical Recipes, erfcc). */
export function normalShareBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const tail = 0.5 * t * Math.exp(-x * x + series.reduceRight((sum, coefficient) => sum * t + coefficient, 0));
  return z > 0 ? 1 - tail : tail;
}
