import type { EventData, marketObserved, recommendation, ViewSettings } from '@rangeward/contracts';

export type LikelihoodSettings = ViewSettings['likelihood'];
export type Likelihood = EventData<typeof recommendation>['likelihood'];

const YEAR_S = 365 * 86_400;

/**
 * How the price may move from where it is until the horizon, from the candles: a Student-t over the log price, centred on
 * the pool's price, as a price that follows no drift one can know. `sigmaLog` is the t's scale, chosen so that its standard
 * deviation is the estimated volatility scaled by the square root of time, widened under a volatility trigger.
 *
 * The volatility is the slow one, of the whole look-back, unless the fast one departs from it by more than chance would:
 * then it goes with the fast one, softly. A market that keeps its kind is measured by all its candles, and one that
 * changes within hours is followed (bench `calibration` has what this is worth).
 */
export function buildLikelihood(
  observed: EventData<typeof marketObserved>,
  settings: LikelihoodSettings,
  horizonS: number,
): Likelihood {
  const { candles, slow, fast } = measureVariance(observed, settings);
  const perSecond = fast === null ? slow : followDeparture(slow, fast, settings.departure);
  const widening = observed.run.trigger === 'volatility' ? settings.volatilityWidening : 1;
  const volatilityAnnual = Math.max(settings.minVolatilityAnnual, annual(perSecond));
  const deviation = volatilityAnnual * Math.sqrt(horizonS / YEAR_S) * settings.estimationFactor * widening;
  const { degreesOfFreedom } = settings;
  return {
    centerLog: Math.log(Math.max(1, observed.market.pool.priceUsdE6) / 1e6),
    sigmaLog: deviation * Math.sqrt((degreesOfFreedom - 2) / degreesOfFreedom),
    degreesOfFreedom,
    candles,
    volatilityAnnual,
    slowAnnual: annual(slow),
    fastAnnual: fast === null ? null : annual(fast),
    widening,
  };
}

function annual(variancePerSecond: number): number {
  return Math.sqrt(variancePerSecond * YEAR_S);
}

/**
 * Soft threshold on the logarithm of the ratio (a James-Stein shrinkage): within `departure` nothing, far beyond it all of
 * the difference. A fast variance of nothing, in a market that stood still for hours, halves the slow one at most.
 */
function followDeparture(slow: number, fast: number, departure: number): number {
  if (slow === 0) return fast;
  const ratio = Math.log(Math.max(fast / slow, 0.25));
  return Math.abs(ratio) <= departure ? slow : slow * Math.exp(ratio * (1 - (departure / ratio) ** 2));
}

/** Power of the absolute returns that is averaged, and its mean for a standard normal, which makes a deviation of it. */
const POWER = 1.5;
const POWER_MEAN_OF_NORMAL = 0.860_040_17;

/** Sum of the returns' powers with the weights they were given. */
type Weighted = { weights: number; powers: number };

/**
 * Variances per second; the fast one is null with too few returns. The mean is taken as zero: over an hour the drift is far
 * below what its estimate would add in noise. A price of nothing has no logarithm and ends the chain there.
 *
 * Not squares are averaged but powers of 1.5: one jump of a day weighs half as much in them, so that the estimate is less
 * the matter of a few candles. What they miss of the variance is nearly the same share in every market of heavy tails:
 * `tailFactor` puts it back.
 */
function measureVariance(
  { candles, candleSeconds }: EventData<typeof marketObserved>,
  settings: LikelihoodSettings,
): { candles: number; slow: number; fast: number | null } {
  const slow = { weights: 0, powers: 0 };
  const fast = { weights: 0, powers: 0 };
  const slowDecay = 0.5 ** (candleSeconds / settings.slowHalfLifeS);
  const fastDecay = 0.5 ** (candleSeconds / settings.fastHalfLifeS);
  let returns = 0;
  let before: number | null = null;
  for (const { close } of candles) {
    const log = close > 0 ? Math.log(close) : null;
    if (log !== null && before !== null) {
      const size = Math.abs(log - before);
      const power = size * Math.sqrt(size);
      addPower(slow, power, slowDecay);
      addPower(fast, power, fastDecay);
      returns += 1;
    }
    before = log;
  }
  const missing = Math.max(0, settings.minReturns - returns);
  const fallback = (settings.fallbackVolatilityAnnual ** 2 * candleSeconds) / YEAR_S;
  const perCandle = slow.weights === 0 ? 0 : varianceOf(slow, settings.tailFactor);
  return {
    candles: returns,
    slow: (perCandle * slow.weights + missing * fallback) / (slow.weights + missing) / candleSeconds,
    fast: missing > 0 || fast.weights === 0 ? null : varianceOf(fast, settings.tailFactor) / candleSeconds,
  };
}

function varianceOf({ weights, powers }: Weighted, tailFactor: number): number {
  return (powers / weights / POWER_MEAN_OF_NORMAL) ** (2 / POWER) * tailFactor ** 2;
}

function addPower(sum: Weighted, power: number, decay: number): void {
  sum.weights = sum.weights * decay + 1;
  sum.powers = sum.powers * decay + power;
}
