import type { DecisionKind, Gate } from '@rangeward/contracts';
import {
  checkCollect,
  checkMove,
  checkSafety,
  checkValue,
  type DecisionInput,
  dollars,
  extraFeesPerDayUsdE6,
} from './check-gates.ts';
import type { DecisionSettings } from './config.ts';
import { gasCostUsdE6RoundingUp } from './estimate-gas-cost.ts';
import { estimateMove, type MoveEstimate } from './estimate-move.ts';

export type { DecisionInput } from './check-gates.ts';

/** What to do and why; every gate with what was measured and what it was held against, passed or not. */
export type Decision = {
  readonly kind: DecisionKind;
  /** One sentence with the numbers. */
  readonly reason: string;
  readonly gates: readonly Gate[];
  /** Micro-dollars, rounded up: of what is to be done; for a hold, of the rebalance that was weighed. */
  readonly expectedGasUsdE6: number;
  /** Micro-dollars a day in the recommended range, rounded down; null when the pool's volume is not known. */
  readonly expectedFeesPerDayUsdE6: number | null;
};

/**
 * Hold, collect or rebalance. A rebalance needs every gate of safety, move and value; failing that, a collect needs the
 * gates of safety and its own; failing that, hold. Pure: the same values give the same decision, live and replayed.
 */
export function decide(input: DecisionInput, settings: DecisionSettings): Decision {
  const { market } = input.recommendation;
  const { rebalanceUnits, collectUnits, marginBps } = settings.gas;
  const rebalanceGasUsdE6 = gasCostUsdE6RoundingUp(market, rebalanceUnits, marginBps);
  const collectGasUsdE6 = gasCostUsdE6RoundingUp(market, collectUnits, marginBps);
  const move = estimateMove(input.recommendation, settings.value.swapImpactBps);

  const safety = checkSafety(input, settings);
  const moving = [...checkMove(input, settings), ...checkValue(input, settings, { gasUsdE6: rebalanceGasUsdE6, move })];
  const collecting = checkCollect(input, settings, collectGasUsdE6);
  const kind = choose(safety, moving, collecting);
  return {
    kind,
    reason: explain(kind, input, { gates: [...safety, ...moving], move, rebalanceGasUsdE6, collectGasUsdE6 }),
    gates: [...safety, ...moving, ...collecting],
    expectedGasUsdE6: kind === 'collect' ? collectGasUsdE6 : rebalanceGasUsdE6,
    expectedFeesPerDayUsdE6: move.feesPerDayThenUsdE6,
  };
}

/** What becomes of a decision whose budget was refused: nothing is done, and the gate says why. */
export function holdFor(decision: Decision, refused: Gate): Decision {
  return {
    ...decision,
    kind: 'hold',
    reason: `Hold instead of ${decision.kind}: ${describeFailure(refused)}.`,
    gates: [...decision.gates, refused],
  };
}

function choose(safety: readonly Gate[], moving: readonly Gate[], collecting: readonly Gate[]): DecisionKind {
  const pass = (gates: readonly Gate[]) => gates.every((gate) => gate.passed);
  if (!pass(safety)) return 'hold';
  if (pass(moving)) return 'rebalance';
  return pass(collecting) ? 'collect' : 'hold';
}

type Evidence = {
  readonly gates: readonly Gate[];
  readonly move: MoveEstimate;
  readonly rebalanceGasUsdE6: number;
  readonly collectGasUsdE6: number;
};

function explain(kind: DecisionKind, input: DecisionInput, evidence: Evidence): string {
  const { market, range } = input.recommendation;
  const { pool, position } = market;
  switch (kind) {
    case 'rebalance': {
      const cost = dollars(evidence.rebalanceGasUsdE6 + evidence.move.swapCostUsdE6);
      const extra = dollars(extraFeesPerDayUsdE6(evidence.move) ?? 0);
      return `Rebalance: tick ${pool.tick}, from [${position.tickLower}, ${position.tickUpper}) to [${range.tickLower}, ${range.tickUpper}); costs ${cost}, earns ${extra} a day more.`;
    }
    case 'collect':
      return `Collect: fees of ${dollars(position.feesUsdE6)} are worth their gas of ${dollars(evidence.collectGasUsdE6)}; no move, because ${firstFailure(evidence.gates)}.`;
    case 'hold':
      return `Hold: ${firstFailure(evidence.gates)}.`;
    default:
      return unreachable(kind);
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
  throw new Error(`a decision of an unknown kind: ${String(kind)}`);
}
