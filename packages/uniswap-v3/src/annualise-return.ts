const DAY_S = 86_400;
const YEAR_DAYS = 365;

/** Returns over fewer days say little of a year: whoever shows them annualised says so. */
export const SHORTEST_HONEST_DAYS = 7;

/** A return and its year; ratios as numbers for people. `days` is what it rests on. */
export type YearlyReturn = {
  readonly days: number;
  /** Of the whole time, not annualised. */
  readonly ratio: number;
  /** ratio * 365 / days. */
  readonly apr: number;
  /** (1 + ratio)^(365 / days) - 1; null when more than everything was lost, which cannot compound. */
  readonly apy: number | null;
  /** False under 7 days: an extrapolation that should not be shown without saying so. */
  readonly restsOnEnough: boolean;
};

/** Capital over time: each amount put to work (negative: taken out) and when, in any one unit of value. */
export type CapitalFlow = { readonly atS: number; readonly amount: bigint };

/**
 * What a position gained a year on the capital at work, from its own history: fees alone give its fee APR and APY, the whole
 * change of value its APR with everything. The capital is the mean of the flows over the time, each counted from when it came.
 * `gain` and `flows` are in the same unit. Null without time or without capital at work.
 */
export function annualiseReturn(of: {
  readonly gain: bigint;
  readonly flows: readonly CapitalFlow[];
  readonly fromS: number;
  readonly toS: number;
}): YearlyReturn | null {
  const durationS = of.toS - of.fromS;
  if (durationS <= 0) return null;
  const capital = meanCapitalRoundingDown(of.flows, of.fromS, of.toS);
  if (capital <= 0n) return null;
  // Fifteen digits of the ratio, whatever the size of the two.
  const ratio = Number((of.gain * 10n ** 15n) / capital) / 1e15;
  const days = durationS / DAY_S;
  const perYear = YEAR_DAYS / days;
  return {
    days,
    ratio,
    apr: ratio * perYear,
    apy: ratio < -1 ? null : (1 + ratio) ** perYear - 1,
    restsOnEnough: days >= SHORTEST_HONEST_DAYS,
  };
}

/** Time-weighted mean of the capital at work between two times, rounded down; flows before `fromS` count whole. */
export function meanCapitalRoundingDown(flows: readonly CapitalFlow[], fromS: number, toS: number): bigint {
  const duration = BigInt(toS - fromS);
  let weighted = 0n;
  for (const { atS, amount } of flows) {
    const atWork = toS - Math.max(atS, fromS);
    if (atWork > 0) weighted += amount * BigInt(atWork);
  }
  return duration > 0n ? weighted / duration : 0n;
}
