import type { ModelScore } from '@rangeward/contracts';

/** One opinion whose outcome is known. */
export type ScoredOpinion = {
  /** Both of the chain's clock, which need not be the wall's. */
  readonly fromMs: number;
  readonly outcomeAtMs: number;
  readonly without: ModelScore;
  readonly full: ModelScore;
};

export type Standing = {
  /** From 0 to `maxWeight`. */
  readonly weight: number;
  /** Opinions that count: those whose horizons do not overlap. */
  readonly counted: number;
  readonly scored: number;
  /** Mean of what the opinion added to the log score; above 0 is better with it. */
  readonly meanGain: number;
  /** What the gain is at least; null with too few opinions to say. */
  readonly leastGain: number | null;
  /** Mean gain of the newest opinions that count. */
  readonly recentGain: number;
  /** Mean squared errors of the probability of a rise; lower is better. */
  readonly brierWithout: number;
  readonly brierFull: number;
  /** For a person. */
  readonly why: string;
};

/** Scores that are looked at: the newest, so that a record can be lost again. */
export const MOST_SCORES = 1_000;
/** Before so many opinions count nothing is earned, however good they were. */
const LEAST_COUNTED = 100;
const RECENT = 30;
/** Gain that is certain at which the weight is full; knowing the direction for sure would add some 0.17. */
const FULL_WEIGHT_GAIN = 0.05;
/** Of models that are worth nothing one in twenty would ever be believed, however long it is looked at. */
const ERROR_RATE = 0.05;
/** The number of opinions at which the bound is tightest. */
const TIGHTEST_AT = 400;

/**
 * The weight that a record has earned. Horizons that overlap see the same moves, so of those only the first counts. What
 * the opinion adds to the log score is bounded from below by a confidence sequence (a normal mixture, after Robbins): it
 * holds at all numbers of opinions at once, so that asking after each one is no cheating. The weight grows with that
 * bound, and is 0 as soon as the newest opinions did no good. Oldest first in.
 */
export function earnWeight(opinions: readonly ScoredOpinion[], maxWeight: number): Standing {
  const counted = withoutOverlap(opinions);
  const gains = counted.map(({ full, without }) => full.log - without.log);
  const meanGain = mean(gains);
  const recentGain = mean(gains.slice(-RECENT));
  const leastGain = gains.length < LEAST_COUNTED ? null : meanGain - boundOfMean(gains);
  const earned = leastGain === null || recentGain <= 0 ? 0 : Math.max(0, leastGain / FULL_WEIGHT_GAIN);
  return {
    weight: Math.min(maxWeight, earned),
    counted: counted.length,
    scored: opinions.length,
    meanGain,
    leastGain,
    recentGain,
    brierWithout: mean(counted.map(({ without }) => without.brier)),
    brierFull: mean(counted.map(({ full }) => full.brier)),
    why: explain(gains.length, leastGain, recentGain),
  };
}

function withoutOverlap(opinions: readonly ScoredOpinion[]): ScoredOpinion[] {
  const counted: ScoredOpinion[] = [];
  for (const opinion of opinions) {
    const last = counted.at(-1);
    if (last === undefined || opinion.fromMs >= last.outcomeAtMs) counted.push(opinion);
  }
  return counted;
}

/** How far the true mean may lie below the measured one, at this and every other number of opinions. */
function boundOfMean(gains: readonly number[]): number {
  const count = gains.length;
  const center = mean(gains);
  const variance = gains.reduce((sum, gain) => sum + (gain - center) ** 2, 0) / (count - 1);
  const looks = Math.log((count + TIGHTEST_AT) / TIGHTEST_AT) + 2 * Math.log(1 / ERROR_RATE);
  return Math.sqrt(variance * (count + TIGHTEST_AT) * looks) / count;
}

function explain(count: number, leastGain: number | null, recentGain: number): string {
  if (leastGain === null) return `${count} opinions count so far; before ${LEAST_COUNTED} nothing is earned`;
  if (recentGain <= 0) return `the last ${RECENT} opinions that count did no good`;
  return leastGain > 0 ? 'its opinions do good for certain' : 'it is not certain that its opinions do any good';
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
