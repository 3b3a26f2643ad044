import type { MessageContext } from '@rangeward/adapter-nats/bus';
import type { Consulted, ModelCalls, Scored } from '@rangeward/adapter-redis/model-calls';
import { type EventData, type marketObserved, modelScored } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { findOutcome, type Outcome } from './find-outcome.ts';
import { scoreOpinion } from './score-opinion.ts';

/**
 * Scores every call about this pool whose horizon has passed, by the candles of the present observation. Said first and
 * written down after, so that it is said again rather than never; the same score has the same id.
 */
export async function scoreDueCalls(
  observed: EventData<typeof marketObserved>,
  calls: ModelCalls,
  { publish, log }: { readonly publish: MessageContext['publish']; readonly log: Logger },
): Promise<void> {
  const due = await calls.due(observed.run, Date.parse(observed.market.block.time));
  for (const consulted of due) {
    const { run, call, views } = consulted;
    const outcome = findOutcome(observed, Date.parse(views.horizonEnd));
    if (outcome === 'not-yet') continue;
    const scored = outcome === 'never' ? null : scoreCall(consulted, outcome);
    if (scored === null) {
      log.warn({ run: run.id }, 'the outcome of an opinion will not be known');
      await calls.forgo(run, call.id);
      continue;
    }
    await publish(modelScored, scored, { correlationId: run.id });
    await calls.score(run, scored);
    log.info({ run: run.id, gain: scored.full.log - scored.without.log }, 'an opinion was scored');
  }
}

function scoreCall({ run, call, views }: Consulted, outcome: Outcome): Scored | null {
  const scores = scoreOpinion(views, Math.log(outcome.priceUsdE6 / 1e6));
  if (scores === null) return null;
  const { id: callId, model, promptVersion } = call;
  return { run, callId, model, promptVersion, from: views.from, outcome, ...scores };
}
