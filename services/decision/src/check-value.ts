import type { Gate, PricedOption } from '@rangeward/contracts';
import type { DecisionInput } from './check-safety.ts';
import type { DecisionSettings } from './config.ts';
import { dollars, gateOf } from './gate.ts';

const E6 = 1_000_000;
const DAY_S = 86_400;

/**
 * What a move earns a day more than holding, LVR taken off and costs not; micro-dollars, null when fees are not known. A
 * position that loses counts as nothing: to save a loss one leaves.
 */
export function extraPerDayUsdE6(option: PricedOption, hold: PricedOption): number | null {
  if (option.feesUsdE6 === null || hold.feesUsdE6 === null) return null;
  const extra = option.feesUsdE6 - option.lvrUsdE6 - Math.max(0, hold.feesUsdE6 - hold.lvrUsdE6);
  return (extra * DAY_S) / option.horizonS;
}

/** Held against a move: does it pay? What is not known does not pass. */
export function checkValue(
  input: DecisionInput,
  settings: DecisionSettings,
  option: PricedOption,
  hold: PricedOption,
): Gate[] {
  const { valueUsdE6 } = input.recommendation.market.position;
  const { value } = settings;
  const costUsdE6 = option.gasUsdE6 + option.swapCostUsdE6;
  const costBps = valueUsdE6 > 0 ? (costUsdE6 * 10_000) / valueUsdE6 : null;
  const extra = extraPerDayUsdE6(option, hold);
  const days = extra !== null && extra > 0 ? costUsdE6 / extra : null;
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
      `${costBps === null ? 'more than all of it' : `${(costBps / 100).toFixed(3)} %`}: gas ${dollars(option.gasUsdE6)}, swap ${dollars(option.swapCostUsdE6)}`,
      `<= ${value.maxCostBps / 100} % of the position`,
    ),
    gateOf(
      'break-even',
      days !== null && days <= value.maxBreakEvenDays,
      days === null ? `never: ${describeExtra(extra)}` : `${days.toFixed(2)} days: ${describeExtra(extra)}`,
      `<= ${value.maxBreakEvenDays} days`,
    ),
    checkNetGain(settings, option, hold),
    ...checkYear(valueUsdE6, settings, extra, costUsdE6),
  ];
}

/**
 * While its range lasts the move must leave more than holding does, and more than nothing, which is what a position earns
 * that the price has left. And by as much as its loss is likely to be told wrong: fees and LVR are close to each other, so
 * what looks best is often what was told too low.
 */
function checkNetGain(settings: DecisionSettings, option: PricedOption, hold: PricedOption): Gate {
  const { minNetGainUsd, lvrErrorBps } = settings.value;
  const loses = hold.netUsdE6 !== null && hold.netUsdE6 < 0;
  const against = loses ? { netUsdE6: 0, lvrUsdE6: 0 } : hold;
  const gain = option.netUsdE6 === null || against.netUsdE6 === null ? null : option.netUsdE6 - against.netUsdE6;
  const errorUsdE6 = Math.ceil((Math.abs(option.lvrUsdE6 - against.lvrUsdE6) * lvrErrorBps) / 10_000);
  const isLess = errorUsdE6 <= minNetGainUsd * E6;
  const hours = (option.horizonS / 3600).toFixed(1);
  const holding = `${dollars(hold.netUsdE6 ?? 0)} for holding${loses ? ', which counts as nothing' : ''}`;
  const least = minNetGainUsd > 0 ? `>= ${minNetGainUsd} USD` : '> 0';
  return gateOf(
    'net-gain',
    gain !== null && gain > 0 && gain >= Math.max(minNetGainUsd * E6, errorUsdE6),
    gain === null ? 'not known' : `${dollars(gain)} in ${hours} h: ${dollars(option.netUsdE6 ?? 0)} against ${holding}`,
    isLess ? least : `>= ${dollars(errorUsdE6)}, ${lvrErrorBps / 100} % of the LVR that it adds or saves`,
  );
}

/** A year at the same rate. The yield is the expected one: the position's past yields are not in the message. */
function checkYear(valueUsdE6: number, settings: DecisionSettings, extra: number | null, costUsdE6: number): Gate[] {
  const { minYearlyGainUsd, minApyImprovementBps } = settings.value;
  const yearly = extra === null ? null : extra * 365;
  const apyBps = yearly !== null && valueUsdE6 > 0 ? (yearly * 10_000) / valueUsdE6 : null;
  return [
    gateOf(
      'yearly-gain',
      yearly !== null && yearly - costUsdE6 >= minYearlyGainUsd * E6,
      yearly === null ? 'not known' : dollars(yearly - costUsdE6),
      `>= ${minYearlyGainUsd} USD`,
    ),
    gateOf(
      'yield-improvement',
      apyBps !== null && apyBps >= minApyImprovementBps,
      apyBps === null
        ? 'not known'
        : `${(apyBps / 100).toFixed(2)} points a year, expected and not compounded; not from the position’s own history`,
      `>= ${minApyImprovementBps / 100} points`,
    ),
  ];
}

/**
 * Held against collecting: whether it is wanted, and worth its gas. By value it never is, as fees earn nothing in the wallet
 * and the next move takes them along.
 */
export function checkCollect(input: DecisionInput, settings: DecisionSettings, gasUsdE6: number): Gate[] {
  const { feesUsdE6 } = input.recommendation.market.position;
  const { collect, collectGasMultiple, minCollectUsd } = settings.value;
  return [
    gateOf(
      'collect-wanted',
      collect,
      collect ? 'fees are wanted in the wallet' : 'fees wait for the next move',
      'wanted',
    ),
    gateOf(
      'fees-worth-gas',
      feesUsdE6 >= gasUsdE6 * collectGasMultiple && feesUsdE6 >= minCollectUsd * E6,
      `${dollars(feesUsdE6)} of fees, gas ${dollars(gasUsdE6)}`,
      `>= ${collectGasMultiple} times the gas and >= ${minCollectUsd} USD`,
    ),
  ];
}

/**
 * Held against leaving the pool; none where that is not configured. It is for a market in which even the best of the other
 * options loses, and more than leaving costs.
 */
export function checkExit(
  input: DecisionInput,
  settings: DecisionSettings,
  exit: PricedOption,
  others: readonly PricedOption[],
): Gate[] {
  const { enabled, minVolatilityAnnual, minLossBps } = settings.exit;
  if (!enabled) return [];
  const { likelihood, market, regime } = input.recommendation;
  const nets = others.map(({ netPerDayUsdE6 }) => netPerDayUsdE6);
  const best = nets.includes(null) ? null : nets.reduce<number>((most, net) => Math.max(most, net ?? 0), -Infinity);
  const leastLossUsdE6 = (market.position.valueUsdE6 * minLossBps) / 10_000;
  const leavingUsdE6 = exit.netPerDayUsdE6 ?? 0;
  return [
    gateOf(
      'exit-volatility',
      likelihood.volatilityAnnual >= minVolatilityAnnual && (regime === undefined || regime.name === 'volatile'),
      `${(likelihood.volatilityAnnual * 100).toFixed(1)} % a year, regime ${regime?.name ?? 'not voted on'}`,
      `>= ${(minVolatilityAnnual * 100).toFixed(1)} %, regime volatile`,
    ),
    gateOf(
      'exit-loss',
      best !== null && best <= -leastLossUsdE6 && best < leavingUsdE6,
      best === null ? 'not known' : `the best of the others nets ${dollars(best)} a day`,
      `<= ${dollars(-leastLossUsdE6)}, and less than leaving, which nets ${dollars(leavingUsdE6)}`,
    ),
  ];
}

function describeExtra(extra: number | null): string {
  return extra === null ? 'the fees are not known' : `${dollars(extra)} a day more, LVR taken off`;
}
