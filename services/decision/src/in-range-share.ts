import type { EventData, recommendation } from '@rangeward/contracts';
import { stablePerVolatileAtTick } from '@rangeward/uniswap-v3/price';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';

/**
 * Share of the posterior, from 0 to 1, within a range: the recommended range carries its own; any other one is measured
 * with a normal distribution of the posterior's mean and deviation.
 */
export function inRangeShare(from: EventData<typeof recommendation>, range: TickRange): number {
  if (range.tickLower === from.range.tickLower && range.tickUpper === from.range.tickUpper) return from.range.mass;
  const { pool } = from.market;
  const decimals = { decimals0: pool.token0.decimals, decimals1: pool.token1.decimals };
  const below = (tick: number) => {
    const logPrice = Math.log(stablePerVolatileAtTick({ tick, stable: pool.stable, ...decimals }));
    return normalShareBelow((logPrice - from.posterior.centerLog) / from.posterior.sigmaLog);
  };
  return Math.abs(below(range.tickUpper) - below(range.tickLower));
}

/** The normal distribution function, good to 2e-7 (Abramowitz and Stegun 7.1.26). */
function normalShareBelow(deviations: number): number {
  const x = Math.abs(deviations) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = (series * Math.exp(-x * x)) / 2;
  return deviations < 0 ? upper : 1 - upper;
}
