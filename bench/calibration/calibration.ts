import { type MarketRegime, marketRegimes } from '@rangeward/localnet/market-model';
import { type Calibration, calibrate, compareScores, type RangeCalibration } from '@rangeward/signal/calibrate';
import type { Bench, BenchContext, Figure } from '../figure.ts';
import { recordedDay } from './recorded-day.ts';
import { scoreViews, type ViewScores } from './score-views.ts';
import { seededMarket } from './seeded-market.ts';

/** Seeds that no setting was chosen on. */
const SEEDS: Readonly<Record<MarketRegime, number>> = { calm: 7001, normal: 7002, volatile: 7003 };
const HOURS = 2000;
const HOUR_S = 3600;
/** How far ahead, and of how many hourly moments one is scored: horizons that are scored never overlap. */
const HORIZONS = [
  { name: '15 min', horizonS: 900, oneOf: 1 },
  { name: '1 h', horizonS: HOUR_S, oneOf: 1 },
  { name: '4 h', horizonS: 4 * HOUR_S, oneOf: 4 },
] as const;
const horizonsS = HORIZONS.map(({ horizonS }) => horizonS);

export const calibration: Bench = {
  name: 'calibration',
  about: 'the view of the price against what came of it, where the truth is known and on a recorded day',
  run: async ({ say }) => {
    const figures: Figure[] = [];
    for (const regime of ['calm', 'normal', 'volatile'] as const) figures.push(...scoreRegime(regime, say));
    return [...figures, ...(await scoreRecordedDay(say))];
  },
};

function scoreRegime(regime: MarketRegime, say: BenchContext['say']): Figure[] {
  const { moments, trainedAnnual } = seededMarket(regime, { seed: SEEDS[regime], hours: HOURS, horizonsS });
  const { annualVolatility } = { annualVolatility: 1, ...marketRegimes[regime] };
  say(`${regime}: true volatility ${annualVolatility}, of thirty days ${trainedAnnual.toFixed(3)}`);
  return HORIZONS.flatMap(({ name, horizonS, oneOf }) => {
    const chosen = moments.filter((_, index) => index % oneOf === 0);
    const scores = scoreViews(chosen, horizonS, trainedAnnual);
    const judged = horizonS === HOUR_S;
    const title = `${regime}, ${name}`;
    tell(title, scores, say);
    return [...hitRates(title, calibrate(scores.ours), judged), ...rankedScores(title, scores, judged)];
  });
}

async function scoreRecordedDay(say: BenchContext['say']): Promise<Figure[]> {
  const judgedNever = false;
  const day = HORIZONS.filter(({ horizonS }) => horizonS <= HOUR_S);
  const moments = await recordedDay(day.map(({ horizonS }) => horizonS));
  if (moments === null) {
    say('the recorded day is not at hand: nothing is scored on it');
    return [];
  }
  // The day itself is all there is to take a constant from: this baseline knows what it cannot know.
  const hour = moments.map(({ nowLog, outcomeLogs }) => ((outcomeLogs.get(HOUR_S) ?? nowLog) - nowLog) ** 2);
  const annual = Math.sqrt((hour.reduce((sum, square) => sum + square, 0) / hour.length) * 365 * 24);
  return day.flatMap(({ name, horizonS }) => {
    const scores = scoreViews(moments, horizonS, annual);
    const title = `recorded day, ${name}`;
    tell(`${title} (a moment every five minutes, horizons overlap)`, scores, say);
    return [...hitRates(title, calibrate(scores.ours), judgedNever), ...rankedScores(title, scores, judgedNever)];
  });
}

/** Hit rates of the ranges beside the mass they have on the tick grid; of the 90 % range how far it is off is judged. */
function hitRates(title: string, { ranges }: Calibration, judged: boolean): Figure[] {
  return ranges.flatMap(({ coverage, hitRate, promised }) => {
    const percent = coverage * 100;
    const figure: Figure = {
      ...{ name: `${title}: hit rate of the ${percent} % range`, unit: '%', ours: hitRate * 100, goal: null },
      reference: { name: 'mass on the tick grid', value: promised * 100 },
    };
    if (!judged || coverage !== 0.9) return [figure];
    const off: Figure = {
      ...{ name: `${title}: 90 % range off by`, unit: 'points', ours: Math.abs(hitRate * 100 - 90), reference: null },
      goal: { of: 'value', better: 'less', reach: 2, stretch: 1 },
    };
    return [figure, off];
  });
}

/**
 * CRPS beside each baseline, in hundredths of a percent of price. "No worse" is: not by more than two standard errors of
 * the difference over the same outcomes, which is what the reach says.
 */
function rankedScores(title: string, scores: ViewScores, judged: boolean): Figure[] {
  const mean = (of: keyof ViewScores) => calibrate(scores[of]).crps * 1e4;
  const beside = [
    { of: 'ewma', name: 'random walk with EWMA volatility' },
    { of: 'constant', name: 'normal of constant volatility' },
  ] as const;
  return beside.map(({ of, name }) => {
    const tolerated = (2e4 * compareScores(scores.ours, scores[of], 'crps').standardError) / mean(of);
    const reach = Math.round((1 + tolerated) * 1e4) / 1e4;
    return {
      ...{ name: `${title}: CRPS`, unit: 'bp', ours: mean('ours'), reference: { name, value: mean(of) } },
      goal: judged ? { of: 'ratio', better: 'less', reach, stretch: 1 } : null,
    };
  });
}

/** What has no place in a table of ratios, and the differences that its two digits cannot show. */
function tell(title: string, { ours, ewma, constant }: ViewScores, say: BenchContext['say']): void {
  const found = calibrate(ours);
  const against = (theirs: ViewScores['ours']) => {
    const { difference, standardError } = compareScores(ours, theirs, 'crps');
    const percent = (value: number) => ((100 * value) / found.crps).toFixed(2);
    const log = compareScores(ours, theirs, 'logScore');
    return `CRPS ${percent(difference)} ± ${percent(standardError)} %, log score ${log.difference.toFixed(4)} ± ${log.standardError.toFixed(4)}`;
  };
  const rate = ({ coverage, hitRate, hitRateLow, hitRateHigh, centralHitRate }: RangeCalibration) =>
    `${coverage}: ${hitRate.toFixed(3)} (${hitRateLow.toFixed(3)} to ${hitRateHigh.toFixed(3)}, middle ${centralHitRate.toFixed(3)})`;
  say(`${title}, ${found.forecasts} outcomes: hit rates ${found.ranges.map(rate).join(', ')}`);
  say(`  PIT by tenths ${found.pitCounts.join(' ')}; Brier of the direction ${found.directionBrier.toFixed(4)}`);
  say(`  against EWMA: ${against(ewma)}; against constant: ${against(constant)}`);
}
