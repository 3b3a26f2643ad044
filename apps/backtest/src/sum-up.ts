import { attributeValue } from '@rangeward/uniswap-v3/attribute-value';
import type { Attribution } from '@rangeward/uniswap-v3/attribution';
import { type Amounts, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { isInRange } from '@rangeward/uniswap-v3/tick-grid';
import {
  addAmounts,
  type LedgerEntry,
  roundPartsTogether,
  wholeUnitsRoundingDown,
} from '@rangeward/uniswap-v3/value-ledger';
import type { Portfolio } from './carry-out.ts';
import type { Counts, Decided, RunOptions } from './run-strategy.ts';
import type { Strategy } from './strategy.ts';
import type { TradeColumns } from './trade-columns.ts';

/** The portfolio at a moment, micro-dollars rounded down. */
export type SeriesPoint = {
  readonly timeS: number;
  readonly priceUsdE6: number;
  /** Liquidity, fees and what is idle, less the gas paid so far. */
  readonly valueUsdE6: number;
  /** What was brought in, held. */
  readonly hodlUsdE6: number;
  /** Collected and not, at the price of the moment. */
  readonly feesUsdE6: number;
  readonly tickLower: number | null;
  readonly tickUpper: number | null;
  readonly inRange: boolean;
  /** Ours of the liquidity in range. */
  readonly share: number;
};

/** Where the change of value comes from, micro-dollars; costs are negative, and the parts add up to the change exactly. */
export type Parts = {
  readonly feesUsdE6: number;
  /** What holding would have gained. */
  readonly priceUsdE6: number;
  /** Impermanent loss made final by moves, that of the open position, and what the price did to the changed holdings since. */
  readonly ilRealisedUsdE6: number;
  readonly ilUnrealisedUsdE6: number;
  readonly ilCarriedUsdE6: number;
  readonly swapCostUsdE6: number;
  readonly gasUsdE6: number;
};

export type Outcome = {
  readonly strategy: string;
  readonly about: string;
  readonly startS: number;
  readonly endS: number;
  readonly capitalUsdE6: number;
  readonly valueUsdE6: number;
  readonly hodlUsdE6: number;
  readonly changeUsdE6: number;
  readonly parts: Parts;
  /** What providing brought more than holding the same amounts. */
  readonly overHodlUsdE6: number;
  /** Loss against rebalancing, beside the sum; minute by minute. */
  readonly lvrUsdE6: number;
  readonly inRangeShare: number;
  /** How often it was asked, what was carried out, and what came too late to be. */
  readonly runs: number;
  readonly rebalances: number;
  readonly collects: number;
  readonly exits: number;
  readonly refused: number;
  /** Largest share of the pool's liquidity in range that was ours, at the points of the series. */
  readonly largestShare: number;
  readonly decided: readonly Decided[];
  readonly points: readonly SeriesPoint[];
  readonly entries: readonly LedgerEntry[];
  /** Every swap up to the end, as the pool with us in it saw them. */
  readonly trades: TradeColumns;
  readonly attribution: Attribution;
};

export function samplePoint(portfolio: Portfolio, entry: Amounts, timeS: number): SeriesPoint {
  const { venue, terms, idle, gasUsdE6, feesCollected } = portfolio;
  const { sqrtPriceX96, tick, liquidity } = venue.spot();
  const position = venue.position();
  const usdE6 = (amounts: Amounts) => Number(valueUsdE6({ ...amounts, sqrtPriceX96, stable: terms.stable }));
  const { principal, fees } = position ?? { principal: NO_AMOUNTS, fees: NO_AMOUNTS };
  const inRange = position !== null && isInRange(tick, position);
  return {
    timeS,
    priceUsdE6: venue.trades.priceUsdE6[venue.trades.length - 1] ?? 0,
    valueUsdE6: usdE6([principal, fees, idle].reduce(addAmounts)) - gasUsdE6,
    hodlUsdE6: usdE6(entry),
    feesUsdE6: usdE6(addAmounts(feesCollected, fees)),
    tickLower: position?.tickLower ?? null,
    tickUpper: position?.tickUpper ?? null,
    inRange,
    share: inRange && liquidity > 0n ? Number(position.liquidity) / Number(liquidity) : 0,
  };
}

export function sumUp(of: {
  readonly strategy: Strategy;
  readonly options: RunOptions;
  readonly portfolio: Portfolio;
  readonly decided: readonly Decided[];
  readonly points: readonly SeriesPoint[];
  readonly counts: Counts;
}): Outcome {
  const { strategy, options, portfolio, decided, points } = of;
  const { venue, terms, entries, nft } = portfolio;
  const position = venue.position();
  const numeraire = terms.stable === 0 ? 'token0' : 'token1';
  const open = position === null ? [] : [{ nft, principal: position.principal, collectable: position.fees }];
  const mark = { sqrtPriceX96: venue.spot().sqrtPriceX96, positions: open };
  const attribution = attributeValue({ entries, mark, numeraire });
  const changeUsdE6 = wholeUnits(attribution.changeX192);
  const parts = partsOf(attribution);
  const livedS = options.endS - options.startS;
  return {
    ...{ strategy: strategy.name, about: strategy.about, startS: options.startS, endS: options.endS },
    capitalUsdE6: wholeUnits(attribution.depositedX192),
    valueUsdE6: wholeUnits(attribution.valueX192),
    hodlUsdE6: wholeUnits(attribution.hodlValueX192),
    ...{ changeUsdE6, parts, overHodlUsdE6: changeUsdE6 - parts.priceUsdE6 },
    lvrUsdE6: Math.round(venue.lvrUsdE6()),
    inRangeShare: livedS > 0 ? venue.inRangeS() / livedS : 0,
    ...of.counts,
    largestShare: Math.max(0, ...points.map(({ share }) => share)),
    ...{ decided, points, entries, attribution, trades: venue.trades },
  };
}

/** Rounded together, so that what a person reads adds up as well. The dollar has 6 decimals: raw units are micro-dollars. */
function partsOf({ parts }: Attribution): Parts {
  const [fees, price, realised, unrealised, carried, swapCost, gas] = roundPartsTogether([
    parts.feesCollectedX192 + parts.feesUncollectedX192,
    parts.priceX192,
    parts.ilRealisedX192,
    parts.ilUnrealisedX192,
    parts.ilCarriedX192,
    parts.swapCostX192,
    parts.gasX192,
  ]).map(Number);
  return {
    feesUsdE6: fees ?? 0,
    priceUsdE6: price ?? 0,
    ilRealisedUsdE6: realised ?? 0,
    ilUnrealisedUsdE6: unrealised ?? 0,
    ilCarriedUsdE6: carried ?? 0,
    swapCostUsdE6: swapCost ?? 0,
    gasUsdE6: gas ?? 0,
  };
}

function wholeUnits(valueX192: bigint): number {
  return Number(wholeUnitsRoundingDown(valueX192));
}
