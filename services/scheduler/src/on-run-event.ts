import { type Handler, type MessageContext, on } from '@rangeward/adapter-nats/bus';
import type { RunRecords } from '@rangeward/adapter-redis/run-records';
import { type DomainEvent, type EventDefinition, type Run, runCompleted } from '@rangeward/contracts';
import type { MeasureRun } from './measure-run.ts';
import { type NotedFact, noteFact, type RunFacts } from './note-fact.ts';
import { awaitsTrade, mayBeOver, summariseRun } from './summarise-run.ts';

type Publish = MessageContext['publish'];

export type Ledger = { readonly records: RunRecords; readonly measure: MeasureRun };

/** Keeps one record a run: notes the fact that an event tells and, when it was the last one missing, says that the run is over. */
export function handleRunEvent(definition: EventDefinition, ledger: Ledger): Handler {
  return on(definition, async (event: DomainEvent, context) => {
    const found = noteFact(definition, event);
    if (found !== null) await keep(found.run, found.noted, ledger, context.publish);
  });
}

/**
 * Adds a fact and closes the run if that completes it. Safe to repeat and to race: the first fact of a name stays, the
 * record is made from all facts together, and the id of run-completed is the run's. Only who closes the run measures it.
 */
export async function keep(run: Run, noted: NotedFact, ledger: Ledger, publish: Publish): Promise<void> {
  const { records, measure } = ledger;
  const known = await records.note(run, noted.name, noted.fact);
  // Nothing to tell where a later fact of the run, noted together with this one, tells it.
  if (known === null || known.closed || !mayBeOver(known.names) || awaitsTrade(noted, known.names)) return;
  // What the store holds under these names was written by this function.
  const result = summariseRun(run, (await records.facts(run.id)) as RunFacts);
  if (result.completedAt === null) return;
  await publish(runCompleted, { run, result }, { correlationId: run.id, time: result.completedAt });
  if (await records.close(run, result)) measure(result);
}
