import { GAS_BUDGET, REBALANCES_BUDGET } from '@rangeward/adapter-redis/budgets';
import type { EventData, marketObserved, Opinion } from '@rangeward/contracts';
import type { DecisionSettings } from '@rangeward/decision/config';
import { type Decision, decide, holdFor } from '@rangeward/decision/decide';
import { budgetLines, gateOfLine } from '@rangeward/decision/limits-of-day';
import { maxGasUsdE6RoundingUp } from '@rangeward/decision/make-plan';
import type { MarketDataSettings } from '@rangeward/market-data/config';
import { ewmaRandomWalk, RISK_METRICS_DECAY } from '@rangeward/signal/baseline-forecasts';
import { computePrior } from '@rangeward/signal/compute-prior';
import type { Settings as SignalService } from '@rangeward/signal/config';
import { recommend } from '@rangeward/signal/recommend';
import type { Move, Sight, Strategy } from './strategy.ts';

export type OwnSettings = {
  readonly signal: SignalService['signal'];
  readonly decision: DecisionSettings;
  readonly marketData: MarketDataSettings;
  /** How often the scheduler opens a run, seconds. */
  readonly everyS: number;
  readonly onBreach: boolean;
};

type Observed = EventData<typeof marketObserved>;

/** A past cannot be shown to a model that has read about it since. */
const NOBODY_ASKED: Opinion = { kind: 'none', reason: 'off', detail: 'a backtest asks no model' };

/** What the services do, by the very functions they do it with: prior, recommendation, decision, limits of the day. */
export function ownStrategy(settings: OwnSettings): Strategy {
  const { bufferTicks, rearmBlocks } = settings.marketData;
  return {
    name: 'rangeward',
    about: 'the production pipeline: posterior, smallest range, decision by value, limits of the day',
    everyS: settings.everyS,
    breach: settings.onBreach ? { bufferTicks, rearmBlocks } : null,
    start: (sight) => recommendFrom(sight, settings).view.range,
    decide: (sight) => decideFrom(sight, settings),
  };
}

function recommendFrom(sight: Sight, { signal }: OwnSettings) {
  const observed = sight.observe();
  const used = { ...signal, blockTimeS: sight.terms.blockTimeS };
  return { observed, view: recommend(observed, computePrior(observed, used.prior, used), used, NOBODY_ASKED) };
}

function decideFrom(sight: Sight, settings: OwnSettings): Move {
  const { observed, view } = recommendFrom(sight, settings);
  const decided = decide(
    {
      recommendation: view,
      recommendedAtMs: sight.timeS * 1000,
      chainClockIsReal: true,
      configuredMode: 'paper',
      breaker: 'closed',
    },
    settings.decision,
  );
  const notionalUsdE6 = observed.market.position.valueUsdE6;
  const decision = withinLimits(decided, sight, notionalUsdE6, settings.decision);
  return {
    kind: decision.kind,
    range: decision.kind === 'rebalance' ? decision.option.range : null,
    withSwap: decision.option.kind === 'rebalance',
    maxTickDeviation: settings.decision.plan.maxTickDeviation,
    reason: decision.reason,
    gates: decision.gates,
    options: decision.options,
    view,
    baseline: () => randomWalk(observed, settings.signal.horizonS),
  };
}

function randomWalk({ candles, candleSeconds, market }: Observed, horizonS: number) {
  const priceUsd = market.pool.priceUsdE6 / 1e6;
  return ewmaRandomWalk({ priceUsd, candles, candleSeconds }, { horizonS, decay: RISK_METRICS_DECAY });
}

/** The limits of the day as decision reserves them: all lines or none, and the first that refuses says so. */
function withinLimits(
  decision: Decision,
  { today }: Sight,
  notionalUsdE6: number,
  settings: DecisionSettings,
): Decision {
  if (decision.kind === 'hold') return decision;
  const maxGasUsdE6 = maxGasUsdE6RoundingUp(decision.expectedGasUsdE6, settings.gas.reserveBps);
  const lines = budgetLines(decision.kind, 'paper', { maxGasUsdE6, notionalUsdE6 }, settings.limits);
  const gates = lines.map((line) => {
    // What was moved before was worth about what is moved now.
    const moved = line.budget === REBALANCES_BUDGET ? 1 : notionalUsdE6;
    const used = line.budget === GAS_BUDGET ? today.gasUsdE6 : today.rebalances * moved;
    return gateOfLine(line, used + line.amount <= line.limit, used);
  });
  const refused = gates.find((gate) => !gate.passed);
  return refused === undefined ? { ...decision, gates: [...decision.gates, ...gates] } : holdFor(decision, refused);
}
