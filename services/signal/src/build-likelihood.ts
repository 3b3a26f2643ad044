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

/** Sum of squared log returns with the weights they were given. */
type Weighted = { weights: number; squares: number };

/**
 * Variances per second; the fast one is null with too few returns. The mean is taken as zero: over an hour the drift is far
 * below what its estimate would add in noise. A price of nothing has no logarithm and ends the chain there.
 */
function measureVariance(
  { candles, candleSeconds }: EventData<typeof marketObserved>,
  settings: LikelihoodSettings,
): { candles: number; slow: number; fast: number | null } {
  const slow = { weights: 0, squares: 0 };
  const fast = { weights: 0, squares: 0 };
  const slowDecay = 0.5 ** (candleSeconds / settings.slowHalfLifeS);
  const fastDecay = 0.5 ** (candleSeconds / settings.fastHalfLifeS);
  let returns = 0;
  let before: number | null = null;
  for (const { close } of candles) {
    const log = close > 0 ? Math.log(close) : null;
    if (log !== null && before !== null) {
      const square = (log - before) ** 2;
      addSquare(slow, square, slowDecay);
      addSquare(fast, square, fastDecay);
      returns += 1;
    }
    before = log;
  }
  const missing = Math.max(0, settings.minReturns - returns);
  const fallback = (settings.fallbackVolatilityAnnual ** 2 * candleSeconds) / YEAR_S;
  const total = slow.weights + missing;
  return {
    candles: returns,
    slow: (total === 0 ? fallback : (slow.squares + missing * fallback) / total) / candleSeconds,
    fast: missing > 0 || fast.weights === 0 ? null : fast.squares / fast.weights / candleSeconds,
  };
}

function addSquare(sum: Weighted, square: number, decay: number): void {
  sum.weights = sum.weights * decay + 1;
  sum.squares = sum.squares * decay + square;
}
