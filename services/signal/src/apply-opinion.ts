import type { Market, Opinion, OpinionAnswer, OpinionEffect } from '@rangeward/contracts';
import { usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import { logPriceAxis } from './log-price-axis.ts';
import type { TickPosterior } from './update-posterior.ts';

/** The bounds of the model. Nothing that it answers moves the posterior further, whatever weight it has earned. */
export const MAX_SHIFT_SIGMAS = 0.25;
export const MIN_WIDTH_FACTOR = 0.8;
export const MAX_WIDTH_FACTOR = 1.5;

/** Share of the bounds that an answer of this confidence may use: low, medium, high. */
const SHARE_OF_BOUNDS = [1 / 3, 2 / 3, 1] as const;

/** What an opinion may do to a posterior: nothing without one and at weight 0. */
export function opinionEffectOf(opinion: Opinion): OpinionEffect {
  return opinion.kind === 'none' ? { shiftSigmas: 0, widthFactor: 1 } : effectOfAnswer(opinion.answer, opinion.weight);
}

/**
 * The effect of an answer at a weight from 0 to 1: direction moves the centre, width and regime have half of the width
 * each, confidence says how much of the bounds is used. The width is scaled in logarithms, so that half a weight twice is
 * a whole one. Clamped once more at the end, so that the bounds do not rest on the arithmetic before.
 */
export function effectOfAnswer(answer: OpinionAnswer, weight: number): OpinionEffect {
  const share = SHARE_OF_BOUNDS[answer.confidence] * (weight > 0 ? Math.min(1, weight) : 0);
  if (share === 0) return { shiftSigmas: 0, widthFactor: 1 };
  const byWidth = answer.width - 1;
  const byRegime = answer.regime === 0 ? 0 : answer.regime - 2;
  const logWidth = share * (halfLogWidth(byWidth) + halfLogWidth(byRegime));
  return {
    // Adding 0 turns the -0 of "nowhere" into 0, which is what comes back from the wire.
    shiftSigmas: clamp(answer.direction * MAX_SHIFT_SIGMAS * share, -MAX_SHIFT_SIGMAS, MAX_SHIFT_SIGMAS) + 0,
    widthFactor: clamp(Math.exp(logWidth), MIN_WIDTH_FACTOR, MAX_WIDTH_FACTOR),
  };
}

/** -1 is narrower, 1 is wider; both indicators agreeing reach the bound. */
function halfLogWidth(direction: number): number {
  if (direction === 0) return 0;
  return Math.log(direction < 0 ? MIN_WIDTH_FACTOR : MAX_WIDTH_FACTOR) / 2;
}

/**
 * The posterior moved by `shiftSigmas` of its own standard deviations and stretched about its centre by `widthFactor`, on
 * the same grid, which is longer where the stretched one reaches further. Without an effect the very same object.
 */
export function applyOpinion(posterior: TickPosterior, effect: OpinionEffect, pool: Market['pool']): TickPosterior {
  const { shiftSigmas, widthFactor } = effect;
  if (shiftSigmas === 0 && widthFactor === 1) return posterior;
  const shiftLog = shiftSigmas * posterior.sigmaLog;
  // A shift up in price is one down in ticks where the dollar is token0: the slope has that sign.
  const shiftBins = shiftLog / logPriceAxis(pool).slope / posterior.binTicks;
  return {
    ...posterior,
    ...stretchMasses(posterior, shiftBins, widthFactor, usableTicks(pool.tickSpacing)),
    centerLog: posterior.centerLog + shiftLog,
    sigmaLog: posterior.sigmaLog * widthFactor,
  };
}

/**
 * Moves mass as if it lay evenly within each bin. None is lost, so the new masses add up to what the old ones did; what
 * would lie beyond the usable ticks stays in the outermost bins.
 */
function stretchMasses(
  { masses, firstTick, binTicks }: TickPosterior,
  shiftBins: number,
  widthFactor: number,
  usable: { readonly tickLower: number; readonly tickUpper: number },
): Pick<TickPosterior, 'firstTick' | 'masses'> {
  const center = meanBin(masses);
  const lowest = Math.ceil((usable.tickLower - firstTick) / binTicks);
  const highest = Math.floor((usable.tickUpper - firstTick) / binTicks);
  const moved = (edge: number) => center + shiftBins + (edge - center) * widthFactor;
  const first = clamp(Math.floor(moved(0)), lowest, 0);
  const last = clamp(Math.ceil(moved(masses.length)), masses.length, highest);
  const target = new Float64Array(last - first);
  for (let bin = 0; bin < masses.length; bin++) {
    spread(target, moved(bin) - first, moved(bin + 1) - first, masses[bin] ?? 0);
  }
  return { firstTick: firstTick + first * binTicks, masses: target };
}

/** Centre of mass in bins; the middle of a bin is half a bin from its edge. */
function meanBin(masses: Float64Array): number {
  let total = 0;
  let moment = 0;
  for (let bin = 0; bin < masses.length; bin++) {
    total += masses[bin] ?? 0;
    moment += (masses[bin] ?? 0) * (bin + 0.5);
  }
  return total > 0 ? moment / total : masses.length / 2;
}

/** Lays `mass` evenly over [from, to), in bins of `target`; what lies outside goes to its first and last bin. */
function spread(target: Float64Array, from: number, to: number, mass: number): void {
  if (mass === 0) return;
  for (let bin = Math.floor(from); bin < to; bin++) {
    const part = Math.min(to, bin + 1) - Math.max(from, bin);
    const inside = clamp(bin, 0, target.length - 1);
    target[inside] = (target[inside] ?? 0) + (mass * part) / (to - from);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
