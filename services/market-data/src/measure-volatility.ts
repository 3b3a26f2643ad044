import type { Candle } from '@rangeward/contracts';

const SECONDS_PER_YEAR = 365 * 24 * 3600;
/** With fewer returns than this the figure would be noise. */
const MIN_RETURNS = 6;

/**
 * Annualised realised volatility of candle closes from `sinceS` to `endS`: root of the sum of squared log returns over
 * the time they took, scaled to 365 days; no mean is taken out. Null with fewer than six returns.
 */
export function realisedVolatility(candles: readonly Candle[], sinceS: number, endS: number): number | null {
  let sum = 0;
  let returns = 0;
  let before: Candle | undefined;
  let firstS = endS;
  for (const candle of candles) {
    if (before !== undefined && candle.startS >= sinceS && before.close > 0 && candle.close > 0) {
      firstS = Math.min(firstS, candle.startS);
      sum += Math.log(candle.close / before.close) ** 2;
      returns += 1;
    }
    before = candle;
  }
  const elapsedS = endS - firstS;
  if (returns < MIN_RETURNS || elapsedS <= 0) return null;
  return Math.sqrt((sum / elapsedS) * SECONDS_PER_YEAR);
}

/** Recent over normal; null when either is unknown or nothing moved. */
export function volatilityRatio(realised: number | null, normal: number | null): number | null {
  if (realised === null || normal === null || normal === 0) return null;
  return realised / normal;
}
