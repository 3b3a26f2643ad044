import { defaultMarketOptions, type MarketRegime, marketRegimes } from '@rangeward/localnet/market-model';
import type { Trade } from '@rangeward/market-data/swap-history';
import { type Moment, observeDefaults, observeTrades } from './observe-trades.ts';
import { simulateTrades } from './simulate-trades.ts';

const HOUR_S = 3600;
const YEAR_S = 365 * 86_400;
/** Time from which the volatility of the constant baseline is taken; none of it is scored. */
const TRAINING_HOURS = 720;

export type SeededMarket = {
  /** One an hour. */
  readonly moments: readonly Moment[];
  /** Volatility a year of the hours before the first moment. */
  readonly trainedAnnual: number;
};

/** So many hours of a regime, a moment at the start of each, after thirty days that only the constant baseline sees. */
export function seededMarket(
  regime: MarketRegime,
  { seed, hours, horizonsS }: { readonly seed: number; readonly hours: number; readonly horizonsS: readonly number[] },
): SeededMarket {
  const fromS = defaultMarketOptions.startTimestampS;
  const scoredFromS = fromS + TRAINING_HOURS * HOUR_S;
  const toS = scoredFromS + (hours - 1) * HOUR_S + Math.max(...horizonsS);
  const hourly: number[] = [];
  const trades: Trade[] = [];
  let last = 0;
  for (const { timeS, trades: inBlock } of simulateTrades(seed, marketRegimes[regime])) {
    if (timeS > toS) break;
    last = inBlock.at(-1)?.priceUsdE6 ?? last;
    // The first blocks may pass without a trade.
    if (last > 0 && timeS <= scoredFromS && (timeS - fromS) % HOUR_S === 0) hourly.push(Math.log(last));
    // Only the look-back of the first moment is kept of the training.
    if (timeS > scoredFromS - observeDefaults.lookbackS) trades.push(...inBlock);
  }
  const blockAt = (timeS: number) => Math.floor((timeS - fromS) / 12) + 1;
  const stretch = { fromS: scoredFromS - observeDefaults.lookbackS, toS, trades };
  const moments = observeTrades(stretch, blockAt, { ...observeDefaults, everyS: HOUR_S, horizonsS });
  return { moments, trainedAnnual: volatilityOf(hourly) };
}

function volatilityOf(hourlyLogs: readonly number[]): number {
  const squares = hourlyLogs.slice(1).map((log, index) => (log - (hourlyLogs[index] ?? log)) ** 2);
  return Math.sqrt((squares.reduce((sum, square) => sum + square, 0) / squares.length / HOUR_S) * YEAR_S);
}
