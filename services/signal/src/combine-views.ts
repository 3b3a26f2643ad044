/**
 * Views of one and the same number, the log price at the horizon, and how they become one density on the tick grid.
 *
 * The views are not independent: VWAP and candles are made of the same trades. Multiplying them would count those trades
 * twice and give a range that is too narrow to hold what it promises. So they are pooled: each view's log density is
 * weighted by its share of the weights, which keeps the width of views that agree. (Logarithmic opinion pool.)
 */
export type View = {
  /** Natural logarithm of the price in USD. */
  readonly centerLog: number;
  /** Scale, above 0. */
  readonly sigmaLog: number;
  /** Of a Student-t; Infinity is the normal distribution. */
  readonly degreesOfFreedom: number;
  /** Relative to the other views' weights; above 0. */
  readonly weight: number;
};

/** Log density at each point but for a constant, highest 0: finite everywhere, however far apart the views are. */
export function combineViews(views: readonly View[], logPrices: Float64Array): Float64Array {
  const combined = new Float64Array(logPrices.length);
  const totalWeight = views.reduce((sum, view) => sum + view.weight, 0);
  for (const view of views) addView(combined, logPrices, view, view.weight / totalWeight);
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of combined) if (value > highest) highest = value;
  for (let index = 0; index < combined.length; index++) combined[index] = (combined[index] ?? 0) - highest;
  return combined;
}

function addView(combined: Float64Array, logPrices: Float64Array, view: View, share: number): void {
  const { centerLog, sigmaLog, degreesOfFreedom } = view;
  const normal = degreesOfFreedom === Number.POSITIVE_INFINITY;
  const power = (-share * (degreesOfFreedom + 1)) / 2;
  for (let index = 0; index < combined.length; index++) {
    const distance = ((logPrices[index] ?? 0) - centerLog) / sigmaLog;
    // A view so narrow that the square overflows would make every point equally impossible.
    const square = Math.min(distance * distance, Number.MAX_VALUE);
    const density = normal ? (-share * square) / 2 : power * Math.log1p(square / degreesOfFreedom);
    combined[index] = (combined[index] ?? 0) + density;
  }
}
