import type { Candle } from '@rangeward/contracts';
import type { NormalForecast } from './score-forecast.ts';

/**
 * What our view of the price is held against: two views that everybody has for nothing. Both are normal densities around
 * the price of now; the price is in dollars, volatilities are a year's (0.8 = 80 %).
 */

const YEAR_S = 365 * 86_400;
/** Decay of RiskMetrics (J.P. Morgan 1996), here a candle instead of a day. */
export const RISK_METRICS_DECAY = 0.94;

/** A random walk whose volatility is the exponentially weighted one of the candles; null with fewer than two candles. */
export function ewmaRandomWalk(
  from: { readonly priceUsd: number; readonly candles: readonly Candle[]; readonly candleSeconds: number },
  settings: { readonly horizonS: number; readonly decay: number },
): NormalForecast | null {
  let weights = 0;
  let squares = 0;
  for (let index = 1; index < from.candles.length; index++) {
    const [before, close] = [from.candles[index - 1]?.close ?? 0, from.candles[index]?.close ?? 0];
    if (before <= 0 || close <= 0) continue;
    weights = weights * settings.decay + 1;
    squares = squares * settings.decay + Math.log(close / before) ** 2;
  }
  if (squares === 0) return null;
  const variance = (squares / weights / from.candleSeconds) * settings.horizonS;
  return { centerLog: Math.log(from.priceUsd), sigmaLog: Math.sqrt(variance) };
}

/** A normal density of one volatility for all times. */
export function constantVolatility(
  priceUsd: number,
  volatilityAnnual: number,
  settings: { readonly horizonS: number },
): NormalForecast {
  return { centerLog: Math.log(priceUsd), sigmaLog: volatilityAnnual * Math.sqrt(settings.horizonS / YEAR_S) };
}
