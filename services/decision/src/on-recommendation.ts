import { type Handler, type MessageContext, on } from '@rangeward/adapter-nats/bus';
import type { BudgetLine } from '@rangeward/adapter-redis/budgets';
import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import {
  type AutonomyLevel,
  type DomainEvent,
  decisionMade,
  type EventData,
  type Gate,
  type Plan,
  Rejection,
  type Run,
  rebalancePlanned,
  recommendation,
  type TradingMode,
} from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { DecisionSettings } from './config.ts';
import { type Decision, type DecisionInput, decide, holdFor } from './decide.ts';
import { type DecisionRecord, readRecord, writeRecord } from './decision-record.ts';
import { budgetLines, gateOfLine } from './limits-of-day.ts';
import { makePlan, maxGasUsdE6RoundingUp } from './make-plan.ts';
import { permission } from './permission.ts';

type Recommendation = EventData<typeof recommendation>;

export type Dependencies = {
  readonly settings: DecisionSettings;
  readonly mode: TradingMode;
  /** What is configured of each chain, by name. */
  readonly chains: ReadonlyMap<string, { readonly chainId: number; readonly clockIsReal: boolean }>;
  readonly decisions: {
    load(runId: string): Promise<string | null>;
    /** Returns the record that stands, which is an earlier one if there is. */
    save(runId: string, record: string): Promise<string>;
  };
  readonly budgets: {
    /** All lines or none; says which line refused. Asking again for the same id changes nothing. */
    reserve(
      reservationId: string,
      lines: readonly BudgetLine[],
    ): Promise<{ readonly ok: true } | { readonly ok: false; readonly budget: string; readonly used: number }>;
    release(reservationId: string): Promise<unknown>;
  };
  /** How far a position may be moved without a person. */
  readonly autonomy: (run: Run) => AutonomyLevel;
  /** The stop of live trading that stands, or null. */
  readonly readStop: () => Promise<TradingStop | null>;
  readonly readBreaker: (chain: string) => Promise<DecisionInput['breaker']>;
  /** The wallet that the executor signs for on a chain; null when no executor has said so. */
  readonly readWallet: (chain: string) => Promise<string | null>;
  readonly log: Logger;
};

/** Load, decide, reserve, save, publish. Delivered again it publishes the very same decision and plan. */
export function onRecommendation(dependencies: Dependencies): Handler {
  const { decisions, readBreaker, readStop, readWallet, log } = dependencies;
  return on(recommendation, async (event, context) => {
    const { run } = event.data;
    const [saved, breaker, stop, wallet] = await Promise.all([
      // A first delivery need not ask: were there a decision all the same, saving would bring it to light.
      context.attempt > 1 ? decisions.load(run.id) : null,
      // A paper run risks nothing, so it does not ask.
      run.mode === 'live' ? readBreaker(run.chain) : ('closed' as const),
      run.mode === 'live' ? readStop() : null,
      readWallet(run.chain),
    ]);
    const { decision, plan } =
      saved === null
        ? await decideAndSave(dependencies, event, { breaker, stop, wallet, attempt: context.attempt })
        : readRecord(saved);
    await Promise.all([
      context.publish(decisionMade, decision),
      ...(plan === null ? [] : [context.publish(rebalancePlanned, plan)]),
    ]);
    logDecision(log, decision, context);
  });
}

/** What is known beside the recommendation. */
type Standing = {
  readonly breaker: DecisionInput['breaker'];
  readonly stop: TradingStop | null;
  readonly wallet: string | null;
};

async function decideAndSave(
  dependencies: Dependencies,
  event: DomainEvent<Recommendation>,
  { attempt, ...standing }: Standing & { readonly attempt: number },
): Promise<DecisionRecord> {
  const { decisions, budgets } = dependencies;
  const { run } = event.data;
  const made = await decideWithin(dependencies, event, standing);
  const written = writeRecord(made);
  const stands = await decisions.save(run.id, written);
  const record = stands === written ? made : readRecord(stands);
  // A process before us may have reserved, and died before it saved; or another decided otherwise and was first.
  const mayBeReserved = attempt > 1 || made.plan !== null;
  if (record.plan === null && mayBeReserved) await budgets.release(reservationIdOf(run.id));
  return record;
}

/** The decision within the day's limits, with its plan. */
async function decideWithin(
  { settings, mode, chains, budgets, autonomy }: Dependencies,
  event: DomainEvent<Recommendation>,
  { breaker, stop, wallet }: Standing,
): Promise<DecisionRecord> {
  const { run } = event.data;
  const chain = chains.get(run.chain);
  if (chain === undefined) {
    throw new Rejection('unknown-chain', `chain ${run.chain} is not in the configuration`, { field: 'run.chain' });
  }
  const issuedAtMs = timeOf(event);
  const decision = decide(
    {
      recommendation: event.data,
      recommendedAtMs: issuedAtMs,
      chainClockIsReal: chain.clockIsReal,
      configuredMode: mode,
      breaker,
      wallet,
    },
    settings,
  );
  const { kind: action, range } = decision.option;
  if (decision.kind === 'hold' || action === 'hold') return recordOf(event.data, decision, null);
  const level = autonomy(run);
  const kept = permission(level, stop);
  if (!kept.passed) return recordOf(event.data, holdFor(decision, kept), null);
  const maxGasUsdE6 = maxGasUsdE6RoundingUp(decision.expectedGasUsdE6, settings.gas.reserveBps);
  const reservationId = reservationIdOf(run.id);
  const notionalUsdE6 = event.data.market.position.valueUsdE6;
  const lines = budgetLines(decision.kind, run.mode, { maxGasUsdE6, notionalUsdE6 }, settings.limits);
  const answer = await budgets.reserve(reservationId, lines);
  const limits: Gate[] = lines.map((line) => {
    const refused = !answer.ok && answer.budget === line.budget;
    return gateOfLine(line, !refused, refused ? answer.used : null);
  });
  const refused = limits.find((gate) => !gate.passed);
  if (refused !== undefined) return recordOf(event.data, holdFor(decision, refused), null);
  const plan = makePlan(
    {
      option: { kind: action, range },
      recommendation: event.data,
      chainId: chain.chainId,
      ...{ issuedAtMs, maxGasUsdE6, reservationId },
      approval: level === 'propose' && run.mode === 'live',
    },
    settings,
  );
  return recordOf(event.data, { ...decision, gates: [...decision.gates, kept, ...limits] }, plan);
}

function recordOf({ run, market, range }: Recommendation, decision: Decision, plan: Plan | null): DecisionRecord {
  return {
    decision: {
      run,
      kind: decision.kind,
      reason: decision.reason,
      gates: [...decision.gates],
      options: [...decision.options],
      planId: plan?.planId ?? null,
      market,
      range,
      expectedGasUsdE6: decision.expectedGasUsdE6,
      expectedFeesPerDayUsdE6: decision.expectedFeesPerDayUsdE6,
    },
    plan,
  };
}

/** One run makes at most one plan, so its id is enough to find the reservation again after a crash. */
function reservationIdOf(runId: string): string {
  return `run-${runId}`;
}

/** When the recommendation was made. Without it no plan could be the same twice, so a message without it is refused. */
function timeOf(event: DomainEvent<Recommendation>): number {
  const time = Date.parse(event.envelope.time);
  if (Number.isNaN(time)) {
    throw new Rejection('no-time', 'the recommendation does not say when it was made', { field: 'ce-time' });
  }
  return time;
}

function logDecision(log: Logger, decision: DecisionRecord['decision'], context: MessageContext): void {
  const { run, kind, planId } = decision;
  log.info(
    { run: run.id, chain: run.chain, pool: run.pool, mode: run.mode, decision: kind, planId, attempt: context.attempt },
    decision.reason,
  );
}
