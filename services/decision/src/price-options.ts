import type { EventData, OptionKind, PricedOption, recommendation } from '@rangeward/contracts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import type { DecisionSettings } from './config.ts';
import { expectedFeesUsdE6RoundingDown, othersLiquidity, poolFeesPerDayUsdE6, shareOfFees } from './expected-fees.ts';
import { gasCostUsdE6RoundingUp } from './expected-gas.ts';
import { expectedLvrUsdE6RoundingUp } from './expected-lvr.ts';
import { expectedSwapCostUsdE6RoundingUp, type SwapWanted } from './expected-swap-cost.ts';
import { amountsPerLiquidity, LOG_TICK, type PoolInNumbers, poolInNumbers } from './pool-in-numbers.ts';
import { type Held, type RangeForHeld, rangeForHeld } from './range-for-held.ts';
import { expectedLifeS, expectedTimeInRange, type TickView } from './time-in-range.ts';

type Recommendation = EventData<typeof recommendation>;
type Market = Recommendation['market'];

/** What could be done with a position, each with its price. */
export type Options = {
  /** Moves with a swap, the recommended range first. */
  readonly rebalances: readonly PricedOption[];
  /** Null when what is held fits no range. */
  readonly withoutSwap: PricedOption | null;
  /** What is no move, over any time: over that of a move it is what the move is held against. */
  hold(horizonS: number): PricedOption;
  collect(horizonS: number): PricedOption;
  exit(horizonS: number): PricedOption;
};

/** The view that an option is priced with; without the model’s opinion it is another one. */
export type View = { readonly centerLog: number; readonly sigmaLog: number; readonly horizonS: number };

/** What every option of one position is priced with. */
type Terms = {
  readonly market: Market;
  readonly numbers: PoolInNumbers;
  readonly view: TickView;
  readonly volatilityAnnual: number;
  readonly poolFeesPerDayUsdE6: number | null;
  readonly others: number;
  readonly realisedIlUsdE6: number | null;
  readonly rebalanceGasUsdE6: number;
  readonly settings: DecisionSettings;
};

/**
 * Prices everything that could be done, in micro-dollars: fees round down, losses and costs round up. A move is priced over
 * the time that its range lasts, and holding beside it over the same: the next move costs again, so each has to earn its
 * cost before. Assumes that recent fees, volatility and the others' liquidity go on as they are. `ranges` are those that a
 * swap may lead to, the recommended one first.
 */
export function priceOptions(
  from: Recommendation,
  view: View,
  ranges: readonly TickRange[],
  settings: DecisionSettings,
): Options {
  const { market } = from;
  const numbers = poolInNumbers(market.pool);
  const terms: Terms = {
    market,
    numbers,
    view: onTickAxis(market.pool.stable, numbers, view, from.likelihood.volatilityAnnual),
    volatilityAnnual: from.likelihood.volatilityAnnual,
    poolFeesPerDayUsdE6: poolFeesPerDayUsdE6(from, numbers),
    others: othersLiquidity(market),
    realisedIlUsdE6: realisedIlUsdE6(market.position),
    rebalanceGasUsdE6: gasCostUsdE6RoundingUp(market, 'rebalance', settings.gas),
    settings,
  };
  const own = { range: market.position, liquidity: Number(market.position.liquidity) };
  const rebalances = ranges.map((range) => withSwap(terms, range));
  return {
    rebalances,
    withoutSwap: bestWithoutSwap(terms, rebalances),
    hold: (horizonS) => priced(terms, 'hold', own, free, horizonS),
    collect: (horizonS) => priced(terms, 'collect', own, { ...free, gasUsdE6: gas(terms, 'collect') }, horizonS),
    exit: (horizonS) => priced(terms, 'exit', null, { ...free, gasUsdE6: gas(terms, 'exit') }, horizonS),
  };
}

/** As long as a range of this width lasts around the price, at most as long as anything is foreseen. */
function horizonOf({ view, settings }: Terms, range: TickRange): number {
  const lifeS = Math.round(expectedLifeS(view, range));
  return Math.max(LEAST_HORIZON_S, Math.min(settings.value.horizonS, lifeS));
}

/** No shorter: a price that stands still for a moment, or leaps, does not make a move cheaper. */
const LEAST_HORIZON_S = 600;

/** What an option costs at once. */
type Costs = Pick<PricedOption, 'gasUsdE6' | 'swapUsdE6' | 'swapCostUsdE6' | 'idleUsdE6'>;
const free: Costs = { gasUsdE6: 0, swapUsdE6: 0, swapCostUsdE6: 0, idleUsdE6: 0 };

function gas({ market, settings }: Terms, kind: Exclude<OptionKind, 'hold'>): number {
  return gasCostUsdE6RoundingUp(market, kind, settings.gas);
}

function withSwap(terms: Terms, range: TickRange): PricedOption {
  const { market, numbers, settings } = terms;
  const value = market.position.valueUsdE6;
  const per = amountsPerLiquidity(numbers, range);
  const per0UsdE6 = per.amount0 * numbers.token0UsdE6;
  const perUsdE6 = per0UsdE6 + per.amount1 * numbers.token1UsdE6;
  const held0UsdE6 = heldBy(market.position).amount0 * numbers.token0UsdE6;
  const surplus0UsdE6 = held0UsdE6 - value * (per0UsdE6 / perUsdE6);
  const wanted: SwapWanted = { zeroForOne: surplus0UsdE6 > 0, usdE6: cost(Math.ceil(Math.abs(surplus0UsdE6))) };
  const swapCostUsdE6 = cost(expectedSwapCostUsdE6RoundingUp(market, numbers, wanted, settings.value.swapImpactBps));
  const liquidity = Math.max(0, value - swapCostUsdE6) / perUsdE6;
  const costs = { gasUsdE6: terms.rebalanceGasUsdE6, swapUsdE6: wanted.usdE6, swapCostUsdE6, idleUsdE6: 0 };
  return priced(terms, 'rebalance', { range, liquidity }, costs, horizonOf(terms, range));
}

/** As wide as the recommended range, or as the one that nets most a day with a swap; of both the one that nets more. */
function bestWithoutSwap(terms: Terms, rebalances: readonly PricedOption[]): PricedOption | null {
  const [first] = rebalances;
  if (first === undefined) return null;
  const best = terms.settings.move.alternatives ? rebalances.reduce(betterOf) : first;
  const found = [first, ...(best === first ? [] : [best])].flatMap(({ range }) =>
    range === null ? [] : (withoutSwap(terms, range.tickUpper - range.tickLower) ?? []),
  );
  return found.length === 0 ? null : found.reduce(betterOf);
}

/** Each is priced over its own time: what comes again and again is compared by the day. */
function betterOf(a: PricedOption, b: PricedOption): PricedOption {
  return (b.netPerDayUsdE6 ?? 0) > (a.netPerDayUsdE6 ?? 0) ? b : a;
}

function withoutSwap(terms: Terms, widthTicks: number): PricedOption | null {
  const { market, numbers, settings } = terms;
  if (widthTicks <= 0) return null;
  const { tickSpacing } = market.pool;
  const gapTicks = settings.move.priceGapTicks;
  const found: RangeForHeld | null = rangeForHeld({
    pool: numbers,
    held: heldBy(market.position),
    widthTicks,
    tickSpacing,
    gapTicks,
  });
  if (found === null) return null;
  const costs = {
    ...free,
    gasUsdE6: gas(terms, 'rebalance-without-swap'),
    idleUsdE6: cost(Math.ceil(found.idleUsdE6)),
  };
  const placed = { range: found, liquidity: found.liquidity };
  return priced(terms, 'rebalance-without-swap', placed, costs, horizonOf(terms, found));
}

type Placed = { readonly range: TickRange; readonly liquidity: number };

function priced(terms: Terms, kind: OptionKind, placed: Placed | null, costs: Costs, horizonS: number): PricedOption {
  const { numbers } = terms;
  const liquidity = placed === null ? 0 : placed.liquidity;
  const timeInRange = placed === null || liquidity === 0 ? 0 : expectedTimeInRange(terms.view, placed.range, horizonS);
  const share = shareOfFees(liquidity, terms.others);
  const perDay = terms.poolFeesPerDayUsdE6;
  const poolFees = perDay === null ? null : cost(perDay);
  const feesUsdE6 =
    poolFees === null
      ? null
      : expectedFeesUsdE6RoundingDown({ poolFeesPerDayUsdE6: poolFees, share, timeInRange, horizonS });
  const { volatilityAnnual } = terms;
  const lvrUsdE6 =
    placed === null
      ? 0
      : cost(
          expectedLvrUsdE6RoundingUp({
            pool: numbers,
            range: placed.range,
            ...{ liquidity, volatilityAnnual, timeInRange, horizonS },
            weight: terms.settings.value.lvrWeight,
          }),
        );
  const netUsdE6 = feesUsdE6 === null ? null : feesUsdE6 - lvrUsdE6 - costs.gasUsdE6 - costs.swapCostUsdE6;
  return {
    kind,
    range: placed === null ? null : { tickLower: placed.range.tickLower, tickUpper: placed.range.tickUpper },
    chosen: false,
    horizonS,
    liquidity: BigInt(Math.floor(liquidity)),
    ...costs,
    poolFeesPerDayUsdE6: poolFees,
    share,
    timeInRange,
    feesUsdE6,
    lvrUsdE6,
    realisedIlUsdE6: kind === 'hold' || kind === 'collect' ? null : terms.realisedIlUsdE6,
    netUsdE6,
    netPerDayUsdE6: netUsdE6 === null ? null : Math.max(-DEAREST_USD_E6, Math.floor((netUsdE6 * 86_400) / horizonS)),
  };
}

/** A billion dollars fails any gate, and sums of a few such still fit an integer. */
const DEAREST_USD_E6 = 1e15;

function cost(usdE6: number): number {
  return Math.min(DEAREST_USD_E6, usdE6);
}

/** What a burn and a collect would give. */
function heldBy(position: Market['position']): Held {
  return {
    amount0: Number(position.amount0) + Number(position.fees0),
    amount1: Number(position.amount1) + Number(position.fees1),
  };
}

/** Principal and what lies idle, less the entry amounts at the same price: what a move makes final. */
function realisedIlUsdE6({ valueUsdE6, feesUsdE6, hodlUsdE6, idleUsdE6 }: Market['position']): number | null {
  return hodlUsdE6 === null ? null : valueUsdE6 - feesUsdE6 + (idleUsdE6 ?? 0) - hodlUsdE6;
}

/** With the dollar as token0 a rising price in dollars is a falling tick. */
function onTickAxis(stable: 0 | 1, numbers: PoolInNumbers, view: View, volatilityAnnual: number): TickView {
  const sign = stable === 0 ? -1 : 1;
  return {
    nowTick: numbers.tick,
    meanTick: numbers.tick + (sign * (view.centerLog - Math.log(numbers.priceUsd))) / LOG_TICK,
    sigmaTicks: view.sigmaLog / LOG_TICK,
    viewS: view.horizonS,
    sigmaTicksPerRootSecond: volatilityAnnual / Math.sqrt(365 * 86_400) / LOG_TICK,
  };
}
