import type { DecisionKind, Gate, OptionKind, PricedOption } from '@rangeward/contracts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { checkMove, checkTwap } from './check-move.ts';
import { checkSafety, type DecisionInput } from './check-safety.ts';
import { checkCollect, checkExit, checkValue, extraPerDayUsdE6 } from './check-value.ts';
import type { DecisionSettings } from './config.ts';
import { dollars, gateOf } from './gate.ts';
import { type Options, priceOptions, type View } from './price-options.ts';
import { widerRanges } from './wider-ranges.ts';

export type { DecisionInput } from './check-safety.ts';

/** What to do and why; every gate with what was measured and what it was held against, passed or not. */
export type Decision = {
  readonly kind: DecisionKind;
  /** What was chosen, with its price and, for a rebalance, the range to move to. */
  readonly option: PricedOption;
  /** One sentence with the numbers. */
  readonly reason: string;
  readonly gates: readonly Gate[];
  /** Everything that was weighed, the chosen one marked. */
  readonly options: readonly PricedOption[];
  /** Micro-dollars, rounded up: of what is to be done; for a hold, of the rebalance that was weighed. */
  readonly expectedGasUsdE6: number;
  /** Micro-dollars a day in the recommended range, rounded down; null when the pool's fees are not known. */
  readonly expectedFeesPerDayUsdE6: number | null;
};

/** What follows from one view of the price. */
type Weighed = {
  readonly options: Options;
  /** What is no move, over the time of the move that is shown. */
  readonly stay: { readonly hold: PricedOption; readonly collect: PricedOption; readonly exit: PricedOption };
  /** The chosen option; hold when nothing else passed. */
  readonly option: PricedOption;
  /** The move whose gates are shown: the one chosen, else the best. */
  readonly move: PricedOption;
  readonly moving: readonly Gate[];
  readonly collecting: readonly Gate[];
  readonly exiting: readonly Gate[];
};

/**
 * Hold, collect, rebalance with a swap or without, or exit. Every option is priced; the best move that passes every gate
 * of safety, move and value is made. Failing that, a collect needs the gates of safety and its own; failing that, hold. An
 * exit comes first, where it is configured and its gates pass. What a model's opinion changed is decided without it as
 * well, and only what both come to moves anything. Pure: the same values give the same decision, live and replayed.
 */
export function decide(input: DecisionInput, settings: DecisionSettings): Decision {
  const { recommendation: from } = input;
  const safety = checkSafety(input, settings);
  const safe = safety.every(isPassed);
  const own = weigh(input, settings, { view: from.posterior, ranges: rangesOf(from), safe });
  const opinion = checkOpinion(input, settings, own, safe);
  const allowed = opinion === null || opinion.passed;
  const picked = allowed ? own.option : collectOrHold(own, safe);
  const option = { ...picked, chosen: true };
  const gates = [...safety, ...own.moving, ...(opinion === null ? [] : [opinion]), ...own.collecting, ...own.exiting];
  const refusing = [...safety, ...own.moving, ...(opinion === null ? [] : [opinion])];
  const recommended = own.options.rebalances[0] ?? own.move;
  return {
    kind: kindOf(option.kind),
    option,
    reason: explain(option, input, own.stay.hold, refusing),
    gates,
    options: listOptions(own).map((each) => (each === picked ? option : each)),
    expectedGasUsdE6: option.kind === 'hold' ? own.move.gasUsdE6 : option.gasUsdE6,
    expectedFeesPerDayUsdE6: perDay(recommended.feesUsdE6, recommended.horizonS),
  };
}

/** What becomes of a decision whose budget was refused: nothing is done, and the gate says why. */
export function holdFor(decision: Decision, refused: Gate): Decision {
  const hold = decision.options.find(({ kind }) => kind === 'hold') ?? decision.option;
  return {
    ...decision,
    kind: 'hold',
    option: hold,
    reason: `Hold instead of ${decision.kind}: ${describeFailure(refused)}.`,
    gates: [...decision.gates, refused],
    options: decision.options.map((option) => ({ ...option, chosen: option.kind === 'hold' })),
  };
}

/** The recommended range, the others that the view offers, and wider ones; the one that is held is no move. */
function rangesOf({ range, alternatives, market }: DecisionInput['recommendation']): readonly TickRange[] {
  const others = alternatives?.filter(({ kind }) => kind !== 'held').slice(0, MOST_ALTERNATIVES) ?? [];
  return [range, ...others, ...widerRanges(range, market.pool.tickSpacing)];
}

/** So that the options of a decision stay few enough to read, and to be carried. */
const MOST_ALTERNATIVES = 8;

type Circumstances = { readonly view: View; readonly ranges: readonly TickRange[]; readonly safe: boolean };

function weigh(input: DecisionInput, settings: DecisionSettings, { view, ranges, safe }: Circumstances): Weighed {
  const options = priceOptions(input.recommendation, view, ranges, settings);
  const { rebalances, withoutSwap } = options;
  const withSwap = settings.move.alternatives ? rebalances : rebalances.slice(0, 1);
  const moves = [...withSwap, ...(withoutSwap === null ? [] : [withoutSwap])].sort(byNetPerDayDescending);
  let shown: { move: PricedOption; hold: PricedOption; moving: Gate[]; passed: boolean } | null = null;
  for (const move of moves) {
    // One gate asks for a gain, so what loses need not be looked at, but for the best.
    if (shown !== null && (move.netUsdE6 ?? 0) <= 0) break;
    const hold = options.hold(move.horizonS);
    const moving = [...checkMove(input, settings, move), ...checkValue(input, settings, move, hold)];
    const passed = moving.every(isPassed);
    if (shown === null || passed) shown = { move, hold, moving, passed };
    if (passed) break;
  }
  const horizonS = shown?.move.horizonS ?? settings.value.horizonS;
  const hold = shown?.hold ?? options.hold(horizonS);
  const stay = { hold, collect: options.collect(horizonS), exit: options.exit(horizonS) };
  const { move, moving, passed } = shown ?? { move: stay.hold, moving: [], passed: false };
  const collecting = checkCollect(input, settings, stay.collect.gasUsdE6);
  const exiting = checkExit(input, settings, stay.exit, [stay.hold, stay.collect, ...moves]);
  const weighed = { options, stay, option: stay.hold, move, moving, collecting, exiting };
  const leaves = exiting.length > 0 && exiting.every(isPassed) && checkTwap(input, settings).passed;
  if (safe && leaves) return { ...weighed, option: stay.exit };
  if (safe && passed) return { ...weighed, option: move };
  return { ...weighed, option: collectOrHold(weighed, safe) };
}

function collectOrHold({ stay, collecting }: Pick<Weighed, 'stay' | 'collecting'>, safe: boolean): PricedOption {
  return safe && collecting.every(isPassed) ? stay.collect : stay.hold;
}

/** The same question without the model’s opinion: what would not be moved then is not moved. Null without an effect. */
function checkOpinion(input: DecisionInput, settings: DecisionSettings, own: Weighed, safe: boolean): Gate | null {
  const { rangeWithoutOpinion, opinionEffect, posterior, market } = input.recommendation;
  const spacing = market.pool.tickSpacing;
  if (rangeWithoutOpinion === undefined) return null;
  const { shiftSigmas, widthFactor } = opinionEffect ?? { shiftSigmas: 0, widthFactor: 1 };
  const sigmaLog = posterior.sigmaLog / widthFactor;
  const view = { ...posterior, sigmaLog, centerLog: posterior.centerLog - shiftSigmas * sigmaLog };
  const without = weigh(input, settings, {
    view,
    ranges: [rangeWithoutOpinion, ...widerRanges(rangeWithoutOpinion, spacing)],
    safe,
  });
  const wanted = kindOf(own.option.kind);
  const same = kindOf(without.option.kind) === wanted;
  const touches = wanted === 'rebalance' || wanted === 'exit';
  const failed = without.moving.find((gate) => !gate.passed);
  const why = failed === undefined ? '' : `: ${describeFailure(failed)}`;
  return gateOf(
    'opinion',
    !touches || same,
    `without the model’s opinion: ${without.option.kind}${touches && !same ? why : ''}`,
    'a move without the opinion too',
  );
}

function listOptions({ options: { rebalances, withoutSwap }, stay }: Weighed): PricedOption[] {
  const moves = [...rebalances, ...(withoutSwap === null ? [] : [withoutSwap])];
  return [stay.hold, stay.collect, ...moves, stay.exit];
}

/** Each is priced over its own time: what comes again and again is compared by the day. */
function byNetPerDayDescending(a: PricedOption, b: PricedOption): number {
  if (a.netPerDayUsdE6 === null || b.netPerDayUsdE6 === null) return 0;
  return b.netPerDayUsdE6 - a.netPerDayUsdE6;
}

function kindOf(option: OptionKind): DecisionKind {
  return option === 'rebalance-without-swap' ? 'rebalance' : option;
}

function isPassed(gate: Gate): boolean {
  return gate.passed;
}

function perDay(usdE6: number | null, horizonS: number): number | null {
  return usdE6 === null ? null : Math.floor((usdE6 * 86_400) / horizonS);
}

function explain(option: PricedOption, input: DecisionInput, hold: PricedOption, gates: readonly Gate[]): string {
  const { pool, position } = input.recommendation.market;
  switch (option.kind) {
    case 'rebalance':
    case 'rebalance-without-swap': {
      const { tickLower, tickUpper } = option.range ?? position;
      const how = option.kind === 'rebalance' ? '' : ' without a swap';
      const cost = dollars(option.gasUsdE6 + option.swapCostUsdE6);
      const extra = dollars(extraPerDayUsdE6(option, hold) ?? 0);
      return `Rebalance${how}: tick ${pool.tick}, from [${position.tickLower}, ${position.tickUpper}) to [${tickLower}, ${tickUpper}); costs ${cost}, earns ${extra} a day more.`;
    }
    case 'collect':
      return `Collect: fees of ${dollars(position.feesUsdE6)} are worth their gas of ${dollars(option.gasUsdE6)}; no move, because ${firstFailure(gates)}.`;
    case 'exit':
      return `Exit: holding nets ${dollars(hold.netUsdE6 ?? 0)} and no other option gains; leaving costs ${dollars(option.gasUsdE6)}.`;
    case 'hold':
      return `Hold: ${firstFailure(gates)}.`;
    default:
      return unreachable(option.kind);
  }
}

function firstFailure(gates: readonly Gate[]): string {
  const failed = gates.find((gate) => !gate.passed);
  return failed === undefined ? 'nothing to do' : describeFailure(failed);
}

function describeFailure(gate: Gate): string {
  return `${gate.name} is ${gate.value}, wanted ${gate.threshold}`;
}

function unreachable(kind: never): never {
  throw new Error(`an option of an unknown kind: ${String(kind)}`);
}
