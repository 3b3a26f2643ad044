import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';

/** Where the price is expected, on the axis of ticks: a normal distribution that widens as time goes on. */
export type TickView = {
  /** The tick now, with its fraction. */
  readonly nowTick: number;
  /** Mean and standard deviation of the posterior at its horizon. */
  readonly meanTick: number;
  readonly sigmaTicks: number;
  readonly viewS: number;
  /** Standard deviation of one second, from the volatility measured; it carries the view beyond its horizon. */
  readonly sigmaTicksPerRootSecond: number;
};

/**
 * Expected share of the next `horizonS` seconds, from 0 to 1, with the price in the range. The mean walks from the present
 * to the posterior’s and stays there; the variance grows evenly to the posterior’s, and from there by the volatility. Left
 * and entered again as often as the price likes: nothing is rebalanced on the way.
 */
export function expectedTimeInRange(view: TickView, range: TickRange, horizonS: number): number {
  let share = 0;
  for (let node = 0; node < NODES.length; node++) {
    // In the root of time the share is smooth also at its beginning, where a price at the edge leaves at once.
    const rootTime = NODES[node] ?? 0;
    share += 2 * rootTime * (WEIGHTS[node] ?? 0) * inRangeAt(view, range, horizonS * rootTime * rootTime);
  }
  return Math.min(1, Math.max(0, share));
}

/**
 * How long a range of this width lasts around the price, seconds: the mean time in which a price that walks by the measured
 * volatility comes from its middle to either end, (half width / deviation of a second)^2. Infinite where it does not move.
 */
export function expectedLifeS({ sigmaTicksPerRootSecond }: TickView, { tickLower, tickUpper }: TickRange): number {
  return ((tickUpper - tickLower) / 2 / sigmaTicksPerRootSecond) ** 2;
}

function inRangeAt(view: TickView, range: TickRange, atS: number): number {
  const within = Math.min(1, atS / view.viewS);
  const mean = view.nowTick + (view.meanTick - view.nowTick) * within;
  const beyondS = Math.max(0, atS - view.viewS);
  const variance = view.sigmaTicks ** 2 * within + view.sigmaTicksPerRootSecond ** 2 * beyondS;
  const sigma = Math.sqrt(variance);
  return normalShareBelow((range.tickUpper - mean) / sigma) - normalShareBelow((range.tickLower - mean) / sigma);
}

/** The normal distribution function, good to 2e-7 (Abramowitz and Stegun 7.1.26). */
export function normalShareBelow(deviations: number): number {
  const x = Math.abs(deviations) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = (series * Math.exp(-x * x)) / 2;
  return deviations < 0 ? upper : 1 - upper;
}

/** Gauss-Legendre with 16 nodes, moved from [-1, 1] to [0, 1]. */
const HALF_NODES = [
  0.0950125098376374, 0.2816035507792589, 0.4580167776572274, 0.6178762444026438, 0.755404408355003, 0.8656312023878318,
  0.9445750230732326, 0.9894009349916499,
];
const HALF_WEIGHTS = [
  0.1894506104550685, 0.1826034150449236, 0.1691565193950025, 0.1495959888165767, 0.1246289712555339,
  0.0951585116824928, 0.0622535239386479, 0.0271524594117541,
];
const NODES = HALF_NODES.flatMap((node) => [(1 - node) / 2, (1 + node) / 2]);
const WEIGHTS = HALF_WEIGHTS.flatMap((weight) => [weight / 2, weight / 2]);
