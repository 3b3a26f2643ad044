import type { EventData, marketObserved, recommendation } from '@rangeward/contracts';

export type LikelihoodSettings = {
  /** Heaviness of the tails; above 2, so that the variance exists. */
  readonly degreesOfFreedom: number;
  /** Age at which a candle counts half, seconds. */
  readonly halfLifeS: number;
  /** With fewer returns than this, the missing ones are taken to be of the fallback volatility. */
  readonly minReturns: number;
  readonly fallbackVolatilityAnnual: number;
  /** Floor of the estimate: a market that stood still for an hour is not one that cannot move. */
  readonly minVolatilityAnnual: number;
};

export type Likelihood = EventData<typeof recommendation>['likelihood'];

const YEAR_S = 365 * 86_400;

/**
 * How the price may move from where it is until the horizon, from the candles: a Student-t over the log price, centred on
 * the pool's price, with the exponentially weighted volatility of the candles' log returns scaled by the square root of
 * time. `sigmaLog` is the t's scale, chosen so that its standard deviation is the estimated volatility.
 */
export function buildLikelihood(
  observed: EventData<typeof marketObserved>,
  settings: LikelihoodSettings,
  horizonS: number,
): Likelihood {
  const returns = logReturns(observed.candles);
  const perSecond = variancePerSecond(returns, observed.candleSeconds, settings);
  const volatilityAnnual = Math.max(settings.minVolatilityAnnual, Math.sqrt(perSecond * YEAR_S));
  const deviation = volatilityAnnual * Math.sqrt(horizonS / YEAR_S);
  const { degreesOfFreedom } = settings;
  return {
    centerLog: Math.log(Math.max(1, observed.market.pool.priceUsdE6) / 1e6),
    sigmaLog: deviation * Math.sqrt((degreesOfFreedom - 2) / degreesOfFreedom),
    degreesOfFreedom,
    candles: returns.length,
    volatilityAnnual,
  };
}

/** Close to close, oldest first; a price of nothing has no logarithm and ends the chain there. */
function logReturns(candles: readonly { readonly close: number }[]): number[] {
  return candles.slice(1).flatMap((candle, index) => {
    const before = candles[index]?.close ?? 0;
    return before > 0 && candle.close > 0 ? [Math.log(candle.close / before)] : [];
  });
}

/** The mean is taken as zero: over an hour the drift is far below what its estimate would add in noise. */
function variancePerSecond(returns: readonly number[], candleSeconds: number, settings: LikelihoodSettings): number {
  const decay = 0.5 ** (candleSeconds / settings.halfLifeS);
  let weights = 0;
  let squares = 0;
  for (const value of returns) {
    weights = weights * decay + 1;
    squares = squares * decay + value * value;
  }
  const missing = Math.max(0, settings.minReturns - returns.length);
  const fallback = (settings.fallbackVolatilityAnnual ** 2 * candleSeconds) / YEAR_S;
  const total = weights + missing;
  return total === 0
    ? settings.fallbackVolatilityAnnual ** 2 / YEAR_S
    : (squares + missing * fallback) / total / candleSeconds;
}
