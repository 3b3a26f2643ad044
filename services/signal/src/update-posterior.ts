import type { Market } from '@rangeward/contracts';
import { ceilToSpacing, floorToSpacing, usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import { combineViews, type View } from './combine-views.ts';
import { logPriceAtTick, logPriceAxis, tickAtLogPrice } from './log-price-axis.ts';

/** The posterior on the tick grid: bin i holds the ticks [firstTick + i * binTicks, firstTick + (i + 1) * binTicks). */
export type TickPosterior = {
  readonly firstTick: number;
  /** A multiple of the pool's tick spacing; above the spacing itself only when the views are very wide for it. */
  readonly binTicks: number;
  /** Share of the posterior in each bin; adds up to 1. */
  readonly masses: Float64Array;
  /** Mean and standard deviation of the log price. */
  readonly centerLog: number;
  readonly sigmaLog: number;
};

/** Scales on either side of the views that the grid reaches; beyond lies under 0.1 % of a Student-t of 4 degrees. */
const REACH_SIGMAS = 8;
/** The sum over points this close is the integral of a normal density to ten digits. */
const POINTS_PER_SIGMA = 6;
/** So that a wide spacing still gives the optimiser bins to choose from. */
const MIN_BINS_EACH_SIDE = 8;

/**
 * Where the price will be at the horizon, as masses on the pool's tick grid: views pooled, evaluated at up to `maxPoints`
 * points, normalised in log space (log-sum-exp), so that no input can make a NaN or a division by nothing.
 */
export function updatePosterior(views: readonly View[], pool: Market['pool'], maxPoints: number): TickPosterior {
  const axis = logPriceAxis(pool);
  const { firstTick, binTicks, bins } = layGrid(views, pool, maxPoints);
  const narrowest = Math.min(...views.map(({ sigmaLog }) => sigmaLog));
  const wanted = Math.ceil((POINTS_PER_SIGMA * binTicks * Math.abs(axis.slope)) / narrowest);
  const perBin = Math.max(1, Math.min(wanted, Math.floor(maxPoints / bins)));
  const logPrices = new Float64Array(bins * perBin);
  for (let point = 0; point < logPrices.length; point++) {
    logPrices[point] = logPriceAtTick(axis, firstTick + ((point + 0.5) / perBin) * binTicks);
  }
  const weights = combineViews(views, logPrices);
  let total = 0;
  for (let point = 0; point < weights.length; point++) {
    const weight = Math.exp(weights[point] ?? 0);
    weights[point] = weight;
    total += weight;
  }
  return { firstTick, binTicks, ...summarise(weights, logPrices, { total, bins, perBin }) };
}

/** `weights` hold exp of the log density, the highest of them 1, so `total` is at least 1. */
function summarise(
  weights: Float64Array,
  logPrices: Float64Array,
  of: { readonly total: number; readonly bins: number; readonly perBin: number },
): Pick<TickPosterior, 'masses' | 'centerLog' | 'sigmaLog'> {
  const masses = new Float64Array(of.bins);
  let centerLog = 0;
  for (let point = 0; point < weights.length; point++) {
    const mass = (weights[point] ?? 0) / of.total;
    const bin = Math.floor(point / of.perBin);
    masses[bin] = (masses[bin] ?? 0) + mass;
    centerLog += mass * (logPrices[point] ?? 0);
  }
  let variance = 0;
  for (let point = 0; point < weights.length; point++) {
    variance += ((weights[point] ?? 0) / of.total) * ((logPrices[point] ?? 0) - centerLog) ** 2;
  }
  // A posterior within a single point still has the width of that point.
  const pointWidth = Math.abs((logPrices[1] ?? 0) - (logPrices[0] ?? 0));
  return { masses, centerLog, sigmaLog: Math.max(Math.sqrt(variance), pointWidth / Math.sqrt(12)) };
}

/** At least one bin, at most `maxPoints`, all within the usable ticks, reaching over every view. */
function layGrid(
  views: readonly View[],
  pool: Market['pool'],
  maxPoints: number,
): { firstTick: number; binTicks: number; bins: number } {
  const axis = logPriceAxis(pool);
  const spacing = pool.tickSpacing;
  const usable = usableTicks(spacing);
  const ends = views.flatMap((view) => [
    tickAtLogPrice(axis, view.centerLog - REACH_SIGMAS * view.sigmaLog),
    tickAtLogPrice(axis, view.centerLog + REACH_SIGMAS * view.sigmaLog),
  ]);
  const clamp = (tick: number) => Math.min(usable.tickUpper, Math.max(usable.tickLower, tick));
  const low = clamp(floorToSpacing(Math.min(...ends), spacing) - MIN_BINS_EACH_SIDE * spacing);
  const high = clamp(ceilToSpacing(Math.max(...ends), spacing) + MIN_BINS_EACH_SIDE * spacing);
  const steps = Math.max(1, (high - low) / spacing);
  const stride = Math.ceil(steps / maxPoints);
  const binTicks = stride * spacing;
  const bins = Math.max(1, Math.floor(steps / stride));
  return { firstTick: Math.min(low, usable.tickUpper - binTicks * bins), binTicks, bins };
}
