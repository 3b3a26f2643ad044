import {
  type DecisionKind,
  type DomainEvent,
  decisionMade,
  type EventData,
  type EventDefinition,
  marketObserved,
  priorComputed,
  type Run,
  rebalancePlanned,
  recommendation,
  runSkipped,
  runStarted,
  tradeExecuted,
} from '@rangeward/contracts';

/** What the ledger keeps of a run: one fact for each event, in whatever order they came. Amounts as decimal strings. */
export type RunFacts = {
  started?: { at: string; reason: string; requestedBy: string | null; requestCorrelationId: string | null };
  market?: { at: string; block: number; valueUsdE6: number; hodlUsdE6: number | null; idleUsdE6?: number };
  prior?: { at: string; centerUsdE6: number };
  recommendation?: {
    at: string;
    centerUsdE6: number;
    tickLower: number;
    tickUpper: number;
    /** What the model said, in its numbers; absent without an opinion. */
    opinion?: { direction: -1 | 0 | 1; confidence: 0 | 1 | 2 };
  };
  decision?: { at: string; kind: DecisionKind; reason: string; planId: string | null };
  plan?: { at: string; planId: string };
  trade?: {
    at: string;
    planId: string;
    outcome: 'confirmed' | 'simulated' | 'reverted' | 'refused';
    reason: string;
    /** Nobody approved the plan in time. */
    lapsed?: true;
    txHashes: string[];
    gasUsed: string;
    gasUsdE6: number;
    tokenIdAfter: string | null;
    valueBeforeUsdE6: number;
    valueAfterUsdE6: number | null;
    fees0: string | null;
    fees1: string | null;
    feesUsdE6: number | null;
  };
  skipped?: { at: string; reason: string };
  /** The deadline passed before the run was over. */
  overdue?: { at: string };
};

export type FactName = keyof RunFacts;
export type NotedFact = { [Name in FactName]: { name: Name; fact: NonNullable<RunFacts[Name]> } }[FactName];

type Noting<Schema extends EventDefinition['schema']> = (
  data: EventData<EventDefinition<Schema>>,
  at: string,
) => NotedFact;

type Row = { readonly definition: EventDefinition; readonly note: (data: never, at: string) => NotedFact };
const row = <Schema extends EventDefinition['schema']>(
  definition: EventDefinition<Schema>,
  note: Noting<Schema>,
): Row => ({
  definition: definition as unknown as EventDefinition,
  note: note as Row['note'],
});

/** An event of which only these fields are read: the rest, such as a day of candles, is not even looked at. */
function only<Narrow extends EventDefinition['schema']>(
  definition: Omit<EventDefinition, 'schema' | 'key'>,
  schema: Narrow,
): EventDefinition<Narrow> {
  return { ...definition, schema, key: () => '' };
}

/** The events that the ledger keeps, and what of each. Adding an event to the record is a row here. */
const rows: readonly Row[] = [
  row(runStarted, (data, at) => ({
    name: 'started',
    fact: { at, reason: data.reason, requestedBy: data.requestedBy, requestCorrelationId: data.requestCorrelationId },
  })),
  row(runSkipped, (data, at) => ({ name: 'skipped', fact: { at, reason: data.reason } })),
  row(only(marketObserved, marketObserved.schema.pick({ run: true, market: true })), ({ market }, at) => ({
    name: 'market',
    fact: {
      at,
      block: market.block.number,
      valueUsdE6: market.position.valueUsdE6,
      hodlUsdE6: market.position.hodlUsdE6,
      ...(market.position.idleUsdE6 !== undefined && { idleUsdE6: market.position.idleUsdE6 }),
    },
  })),
  row(priorComputed, ({ prior }, at) => ({ name: 'prior', fact: { at, centerUsdE6: prior.centerUsdE6 } })),
  row(
    only(recommendation, recommendation.schema.pick({ run: true, posterior: true, range: true, opinion: true })),
    ({ posterior, range, opinion }, at) => ({
      name: 'recommendation',
      fact: {
        at,
        centerUsdE6: posterior.centerUsdE6,
        tickLower: range.tickLower,
        tickUpper: range.tickUpper,
        ...(opinion?.kind === 'given' && {
          opinion: { direction: opinion.answer.direction, confidence: opinion.answer.confidence },
        }),
      },
    }),
  ),
  row(
    only(decisionMade, decisionMade.schema.pick({ run: true, kind: true, reason: true, planId: true })),
    ({ kind, reason, planId }, at) => ({ name: 'decision', fact: { at, kind, reason, planId } }),
  ),
  row(only(rebalancePlanned, rebalancePlanned.schema.pick({ run: true, planId: true })), ({ planId }, at) => ({
    name: 'plan',
    fact: { at, planId },
  })),
  row(tradeExecuted, (data, at) => ({
    name: 'trade',
    fact: {
      at,
      planId: data.planId,
      outcome: data.outcome,
      reason: data.reason,
      ...(data.lapsed === undefined ? {} : { lapsed: data.lapsed }),
      txHashes: data.transactions.flatMap(({ hash }) => (hash === null ? [] : [hash])),
      gasUsed: data.gasUsed.toString(),
      gasUsdE6: data.gasUsdE6,
      tokenIdAfter: data.tokenIdAfter?.toString() ?? null,
      valueBeforeUsdE6: data.valueBeforeUsdE6,
      valueAfterUsdE6: data.valueAfterUsdE6,
      fees0: data.fees?.amount0.toString() ?? null,
      fees1: data.fees?.amount1.toString() ?? null,
      feesUsdE6: data.feesUsdE6,
    },
  })),
];

/** Definitions whose events make facts, by stream order of no importance. */
export const notedDefinitions: readonly EventDefinition[] = rows.map(({ definition }) => definition);

/** The run and the fact that an event tells; null for an event that is not part of a run's record. */
export function noteFact(definition: EventDefinition, event: DomainEvent): { run: Run; noted: NotedFact } | null {
  const found = rows.find((candidate) => candidate.definition.name === definition.name);
  if (found === undefined) return null;
  // The bus decoded the data with this very definition, and every noted event carries its run.
  const data = event.data as never;
  return { run: (data as { run: Run }).run, noted: found.note(data, event.envelope.time) };
}
