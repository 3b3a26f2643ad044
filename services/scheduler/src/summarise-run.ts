import type { Run, RunResult } from '@rangeward/contracts';
import type { FactName, NotedFact, RunFacts } from './note-fact.ts';

/**
 * The record of a run from its facts, whatever order they came in. Pure: the same facts give the same record, so two
 * schedulers that finish the same run say the same thing.
 */
export function summariseRun(run: Run, facts: RunFacts): RunResult {
  const end = endOf(facts);
  const completedAt = end?.at ?? null;
  return {
    runId: run.id,
    status: end?.status ?? (facts.market === undefined ? 'pending' : 'running'),
    trigger: run.trigger,
    chain: run.chain,
    pool: run.pool,
    position: run.position,
    tokenId: run.tokenId,
    mode: run.mode,
    startedAt: run.startedAt,
    completedAt,
    durationMs: completedAt === null ? null : Math.max(0, Date.parse(completedAt) - Date.parse(run.startedAt)),
    block: facts.market?.block ?? null,
    vwapPriorCenterUsdE6: facts.prior?.centerUsdE6 ?? null,
    ...opinionOf(facts),
    posteriorCenterUsdE6: facts.recommendation?.centerUsdE6 ?? null,
    recommendedTickLower: facts.recommendation?.tickLower ?? null,
    recommendedTickUpper: facts.recommendation?.tickUpper ?? null,
    decision: facts.decision?.kind ?? null,
    decisionReason: facts.decision?.reason ?? null,
    planId: facts.decision?.planId ?? null,
    ...executionOf(facts),
    positionValueBeforeUsdE6: facts.trade?.valueBeforeUsdE6 ?? facts.market?.valueUsdE6 ?? null,
    positionValueAfterUsdE6: facts.trade?.valueAfterUsdE6 ?? null,
    hodlUsdE6: facts.market?.hodlUsdE6 ?? null,
    idleUsdE6: facts.market?.idleUsdE6 ?? null,
    failure: end?.failure ?? null,
    requestCorrelationId: facts.started?.requestCorrelationId ?? null,
  };
}

const directions = { '-1': 'down', '0': 'flat', '1': 'up' } as const;
const confidences = ['low', 'medium', 'high'] as const;

function opinionOf({ recommendation }: RunFacts): Pick<RunResult, 'modelDirection' | 'modelConfidence'> {
  const opinion = recommendation?.opinion;
  if (opinion === undefined) return { modelDirection: null, modelConfidence: null };
  return { modelDirection: directions[opinion.direction], modelConfidence: confidences[opinion.confidence] };
}

function executionOf({ trade }: RunFacts) {
  const failed = trade?.outcome === 'reverted' || trade?.outcome === 'refused';
  return {
    outcome: trade?.outcome ?? null,
    txHashes: trade?.txHashes ?? [],
    gasUsed: trade === undefined ? null : BigInt(trade.gasUsed),
    gasUsdE6: trade?.gasUsdE6 ?? null,
    executionError: failed ? trade.reason : null,
    newTokenId: trade?.tokenIdAfter == null ? null : BigInt(trade.tokenIdAfter),
    feesCollected0: trade?.fees0 == null ? null : BigInt(trade.fees0),
    feesCollected1: trade?.fees1 == null ? null : BigInt(trade.fees1),
    feesCollectedUsdE6: trade?.feesUsdE6 ?? null,
  };
}

type End = { status: 'completed' | 'failed' | 'skipped'; at: string; failure: string | null };

/**
 * Whether the run is over, and how. A run that decided to act is over only when its trade is known: until then missing
 * evidence is no outcome. Its deadline ends it as failed, and what arrives later is shown but changes no verdict.
 */
function endOf(facts: RunFacts): End | null {
  if (facts.overdue)
    return { status: 'failed', at: facts.overdue.at, failure: `no result by the deadline; ${lastSeen(facts)}` };
  if (facts.skipped) return { status: 'skipped', at: facts.skipped.at, failure: facts.skipped.reason };
  if (!hasEveryFact(facts)) return null;
  const at = latest(facts);
  if (facts.decision.planId === null) return { status: 'completed', at, failure: null };
  if (facts.trade === undefined) return null;
  // A proposal that nobody took up is no failure of ours.
  const refused = facts.trade.outcome === 'refused' && facts.trade.lapsed !== true;
  const failed = facts.trade.outcome === 'reverted' || refused;
  return { status: failed ? 'failed' : 'completed', at, failure: failed ? facts.trade.reason : null };
}

const needed = ['started', 'market', 'prior', 'recommendation', 'decision'] as const satisfies readonly FactName[];

/** Whether a run with facts of these names can be over at all; the facts themselves decide. */
export function mayBeOver(names: readonly string[]): boolean {
  if (names.includes('overdue') || names.includes('skipped')) return true;
  return needed.every((name) => names.includes(name)) && (!names.includes('plan') || names.includes('trade'));
}

/** Whether the fact just noted says that a trade is still to come: its names alone cannot, before the plan is heard of. */
export function awaitsTrade(noted: NotedFact, names: readonly string[]): boolean {
  const ended = ['trade', 'overdue', 'skipped'].some((name) => names.includes(name));
  return noted.name === 'decision' && noted.fact.planId !== null && !ended;
}

type Complete = RunFacts & Required<Pick<RunFacts, (typeof needed)[number]>>;

function hasEveryFact(facts: RunFacts): facts is Complete {
  return needed.every((name) => facts[name] !== undefined);
}

const steps = [
  ['trade', 'the trade was reported'],
  ['plan', 'the plan was published and the executor has not reported yet'],
  ['decision', 'the decision was made'],
  ['recommendation', 'the recommendation was made'],
  ['prior', 'the prior was computed'],
  ['market', 'the market was observed'],
  ['started', 'the run was opened'],
] as const;

function lastSeen(facts: RunFacts): string {
  const step = steps.find(([name]) => facts[name] !== undefined);
  return step === undefined ? 'nothing was heard of it' : `last step: ${step[1]}`;
}

function latest(facts: RunFacts): string {
  return Object.values(facts)
    .map((fact) => fact.at)
    .reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b));
}
