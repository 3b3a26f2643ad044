import type { EventData, marketObserved } from '@rangeward/contracts';

export type Outcome = { readonly at: string; readonly priceUsdE6: number; readonly earlyS: number };

type Observed = Pick<EventData<typeof marketObserved>, 'candles' | 'candleSeconds' | 'feedComplete' | 'market'>;

/**
 * The price at the end of a horizon, from the candles of a later observation of the same pool: the close of the last candle
 * that was over by then, so `earlyS` is less than the length of a candle, and any later observation says the same.
 * `not-yet` while that candle is not over, or some of its trades may be missing; `never` when the candles begin after the
 * horizon: it will not be seen again.
 */
export function findOutcome(observed: Observed, horizonEndMs: number): Outcome | 'not-yet' | 'never' {
  const { candles, candleSeconds, feedComplete, market } = observed;
  if (!feedComplete || candles.length === 0 || Date.parse(market.block.time) < horizonEndMs) return 'not-yet';
  const horizonEndS = Math.floor(horizonEndMs / 1000);
  const found = candles.findLast((candle) => candle.startS + candleSeconds <= horizonEndS);
  if (found === undefined || found.close === 0) return 'never';
  const endS = found.startS + candleSeconds;
  const earlyS = horizonEndS - endS;
  // Candles have no gaps, so the one that is missing is one that comes later.
  if (earlyS >= candleSeconds) return 'not-yet';
  return { at: new Date(endS * 1000).toISOString(), priceUsdE6: found.close, earlyS };
}
