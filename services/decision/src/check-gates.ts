import type { EventData, Gate, recommendation, TradingMode } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';
import type { MoveEstimate } from './estimate-move.ts';

/** What a decision is made from, beside the settings. */
export type DecisionInput = {
  readonly recommendation: EventData<typeof recommendation>;
  /** When the recommendation was made, milliseconds since 1970. Not the present: deciding again gives the same answer. */
  readonly recommendedAtMs: number;
  /** The chain's block time can be compared with wall time; false on a local chain that runs faster. */
  readonly chainClockIsReal: boolean;
  /** The mode this installation is configured for; a live run in a paper installation does nothing. */
  readonly configuredMode: TradingMode;
  /** State of the circuit breaker on error events. */
  readonly breaker: 'closed' | 'half-open' | 'open';
};

export function gateOf(name: string, passed: boolean, value: string, threshold: string): Gate {
  return { name, passed, value, threshold };
}

/** Dollars with cents, rounded to nearest; for people, never for comparing. */
export function dollars(usdE6: number): string {
  return `${(usdE6 / 1e6).toFixed(2)} USD`;
}

const E6 = 1_000_000;

/** Held against whatever would go on chain. Paper runs pass what only guards money, and say so. */
export function checkSafety(input: DecisionInput, settings: DecisionSettings): Gate[] {
  const { run, market } = input.recommendation;
  const live = run.mode === 'live';
  const timeLeftS = (Date.parse(run.deadline) - input.recommendedAtMs) / 1000;
  const blockAgeS = (input.recommendedAtMs - Date.parse(market.block.time)) / 1000;
  const { maxBlockAgeS, minTimeLeftS } = settings.guard;
  return [
    gateOf(
      'trading-mode',
      !live || input.configuredMode === 'live',
      `run ${run.mode}, configured ${input.configuredMode}`,
      'a live run needs mode live',
    ),
    gateOf(
      'breaker',
      !live || input.breaker === 'closed',
      `${input.breaker}, run ${run.mode}`,
      'closed for a live run',
    ),
    gateOf('time-left', timeLeftS >= minTimeLeftS, `${timeLeftS.toFixed(0)} s`, `>= ${minTimeLeftS} s to the deadline`),
    gateOf(
      'price-age',
      !input.chainClockIsReal || Math.abs(blockAgeS) <= maxBlockAgeS,
      input.chainClockIsReal ? `${blockAgeS.toFixed(0)} s` : 'not measured: the chain has its own clock',
      `<= ${maxBlockAgeS} s`,
    ),
    gateOf('liquidity', market.position.liquidity > 0n, `${market.position.liquidity}`, '> 0'),
  ];
}

/** Held against a move: is there a reason, is the price honest, is the new range sound? */
export function checkMove(input: DecisionInput, settings: DecisionSettings): Gate[] {
  const { market, range } = input.recommendation;
  const { pool, position } = market;
  const { edgeMarginTicks, maxOverlapBps, sameRangeBps } = settings.move;
  const inside = Math.min(pool.tick - position.tickLower, position.tickUpper - 1 - pool.tick);
  const overlapBps = overlapBpsRoundingDown(position, range);
  const overlap = `${(overlapBps / 100).toFixed(1)} %`;
  return [
    gateOf(
      'reason-to-move',
      inside < edgeMarginTicks || overlapBps <= maxOverlapBps,
      `tick ${pool.tick} is ${inside < 0 ? `${-inside} outside` : `${inside} inside`} [${position.tickLower}, ${position.tickUpper}), ranges share ${overlap}`,
      `less than ${edgeMarginTicks} ticks inside, or ranges share <= ${maxOverlapBps / 100} %`,
    ),
    gateOf('range-differs', overlapBps < sameRangeBps, `ranges share ${overlap}`, `< ${sameRangeBps / 100} %`),
    gateOf(
      'price-in-new-range',
      range.tickLower <= pool.tick && pool.tick < range.tickUpper,
      `tick ${pool.tick}`,
      `in [${range.tickLower}, ${range.tickUpper})`,
    ),
    checkTwap(input, settings),
  ];
}

function checkTwap(input: DecisionInput, settings: DecisionSettings): Gate {
  const { pool } = input.recommendation.market;
  const { maxTwapDeviationTicks, minTwapWindowS, allowMissingTwap } = settings.guard;
  const wanted = `<= ${maxTwapDeviationTicks} ticks over >= ${minTwapWindowS} s`;
  if (pool.twapTick === null || pool.twapWindowS < minTwapWindowS) {
    const tolerated = input.recommendation.run.mode === 'paper' || allowMissingTwap;
    return gateOf('twap-deviation', tolerated, `no mean over ${minTwapWindowS} s (has ${pool.twapWindowS} s)`, wanted);
  }
  const deviation = Math.abs(pool.tick - pool.twapTick);
  return gateOf(
    'twap-deviation',
    deviation <= maxTwapDeviationTicks,
    `${deviation} ticks over ${pool.twapWindowS} s`,
    wanted,
  );
}

/** Held against a move: does it pay? What is not known does not pass. */
export function checkValue(
  input: DecisionInput,
  settings: DecisionSettings,
  costs: { readonly gasUsdE6: number; readonly move: MoveEstimate },
): Gate[] {
  const { valueUsdE6 } = input.recommendation.market.position;
  const { value } = settings;
  const costUsdE6 = costs.gasUsdE6 + costs.move.swapCostUsdE6;
  const costBps = valueUsdE6 > 0 ? (costUsdE6 * 10_000) / valueUsdE6 : null;
  const extra = extraFeesPerDayUsdE6(costs.move);
  const yearly = extra === null ? null : extra * 365;
  const days = extra !== null && extra > 0 ? costUsdE6 / extra : null;
  const apyBps = yearly !== null && valueUsdE6 > 0 ? (yearly * 10_000) / valueUsdE6 : null;
  return [
    gateOf(
      'position-value',
      valueUsdE6 >= value.minPositionUsd * E6,
      dollars(valueUsdE6),
      `>= ${value.minPositionUsd} USD`,
    ),
    gateOf(
      'cost-share',
      costBps !== null && costBps <= value.maxCostBps,
      `${costBps === null ? 'more than all of it' : `${(costBps / 100).toFixed(3)} %`}: gas ${dollars(costs.gasUsdE6)}, swap ${dollars(costs.move.swapCostUsdE6)}`,
      `<= ${value.maxCostBps / 100} % of the position`,
    ),
    gateOf(
      'break-even',
      days !== null && days <= value.maxBreakEvenDays,
      days === null ? `never: ${describeExtra(extra)}` : `${days.toFixed(2)} days: ${describeExtra(extra)}`,
      `<= ${value.maxBreakEvenDays} days`,
    ),
    gateOf(
      'yearly-gain',
      yearly !== null && yearly - costUsdE6 >= value.minYearlyGainUsd * E6,
      yearly === null ? 'not known' : dollars(yearly - costUsdE6),
      `>= ${value.minYearlyGainUsd} USD`,
    ),
    gateOf(
      'yield-improvement',
      apyBps !== null && apyBps >= value.minApyImprovementBps,
      apyBps === null ? 'not known' : `${(apyBps / 100).toFixed(2)} points a year`,
      `>= ${value.minApyImprovementBps / 100} points`,
    ),
  ];
}

/** Held against collecting. */
export function checkCollect(input: DecisionInput, settings: DecisionSettings, gasUsdE6: number): Gate[] {
  const { feesUsdE6 } = input.recommendation.market.position;
  const { collectGasMultiple, minCollectUsd } = settings.value;
  return [
    gateOf(
      'fees-worth-gas',
      feesUsdE6 >= gasUsdE6 * collectGasMultiple && feesUsdE6 >= minCollectUsd * E6,
      `${dollars(feesUsdE6)} of fees, gas ${dollars(gasUsdE6)}`,
      `>= ${collectGasMultiple} times the gas and >= ${minCollectUsd} USD`,
    ),
  ];
}

/** Fees a day that the move adds, micro-dollars; null when the volume is not known. */
export function extraFeesPerDayUsdE6(move: MoveEstimate): number | null {
  if (move.feesPerDayThenUsdE6 === null || move.feesPerDayNowUsdE6 === null) return null;
  return move.feesPerDayThenUsdE6 - move.feesPerDayNowUsdE6;
}

function describeExtra(extra: number | null): string {
  return extra === null ? 'the volume is not known' : `${dollars(extra)} more fees a day`;
}

/** Ticks in both ranges per ticks in either, in 1/100 of a percent, rounded down. */
function overlapBpsRoundingDown(
  a: { readonly tickLower: number; readonly tickUpper: number },
  b: { readonly tickLower: number; readonly tickUpper: number },
): number {
  const both = Math.max(0, Math.min(a.tickUpper, b.tickUpper) - Math.max(a.tickLower, b.tickLower));
  const either = a.tickUpper - a.tickLower + (b.tickUpper - b.tickLower) - both;
  return Math.floor((both * 10_000) / Math.max(1, either));
}
