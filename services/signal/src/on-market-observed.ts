import { type Handler, type MessageContext, on } from '@rangeward/adapter-nats/bus';
import {
  type EventData,
  marketObserved,
  modelConsulted,
  type Opinion,
  priorComputed,
  Rejection,
  recommendation,
  type ViewSettings,
} from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { computePrior } from './compute-prior.ts';
import { consultModel, type ModelDesk } from './model/consult-model.ts';
import { scoreDueCalls } from './model/score-due-calls.ts';
import { recommend } from './recommend.ts';

type Dependencies = {
  /** Without the chain's own, which is its time from block to block. */
  readonly settings: Omit<ViewSettings, 'blockTimeS'>;
  /** Seconds from block to block, by the name of the chain. */
  readonly blockTimesS: ReadonlyMap<string, number>;
  readonly desk: ModelDesk;
  readonly log: Logger;
};

const NOBODY_ASKED: Opinion = { kind: 'none', reason: 'off', detail: 'nobody was asked yet' };

/**
 * From what was observed to a view and a range, with the model's opinion where there is one. The same message published
 * twice gives the same messages: the opinion of a run is asked for once and kept.
 */
export function onMarketObserved({ settings: configured, blockTimesS, desk, log }: Dependencies): Handler {
  return on(marketObserved, async ({ data }, context) => {
    const { run } = data;
    const blockTimeS = blockTimesS.get(run.chain);
    if (blockTimeS === undefined) {
      throw new Rejection('unknown-chain', `chain ${run.chain} is not in the configuration`, { field: 'run.chain' });
    }
    const settings = { blockTimeS, ...configured };
    const prior = computePrior(data, settings.prior, settings);
    // The prior is said while the model thinks; whoever waits for it need not wait for the opinion.
    const said = context.publish(priorComputed, { run, prior });
    const [recommended] = await Promise.all([
      sayRecommendation({ data, prior, settings, desk }, context),
      said,
      keepScores(data, desk, context),
    ]);
    const { tickLower, tickUpper, mass } = recommended.range;
    const { opinion } = recommended;
    log.info(
      {
        run: run.id,
        chain: run.chain,
        pool: run.pool,
        prior: prior.source,
        opinion: opinion?.kind === 'none' ? opinion.reason : opinion?.kind,
        tickLower,
        tickUpper,
        mass,
      },
      'range recommended',
    );
  });
}

async function sayRecommendation(
  given: {
    readonly data: EventData<typeof marketObserved>;
    readonly prior: EventData<typeof priorComputed>['prior'];
    readonly settings: ViewSettings;
    readonly desk: ModelDesk;
  },
  context: MessageContext,
): Promise<EventData<typeof recommendation>> {
  const { data, prior, settings, desk } = given;
  const own = recommend(data, prior, settings, NOBODY_ASKED);
  const { opinion, consulted } = await consultModel({ observed: data, prior, own }, desk, context.signal);
  // An opinion that has no weight changes nothing but itself.
  const weightless = opinion.kind === 'none' || opinion.weight === 0;
  const recommended = weightless ? { ...own, opinion } : recommend(data, prior, settings, opinion);
  await Promise.all([
    ...(consulted === null ? [] : [context.publish(modelConsulted, consulted)]),
    context.publish(recommendation, recommended),
  ]);
  return recommended;
}

/** Scores are about runs of the past: trouble with them is none of this run's. */
async function keepScores(
  data: EventData<typeof marketObserved>,
  desk: ModelDesk,
  { publish }: MessageContext,
): Promise<void> {
  if (desk.model === null) return;
  try {
    await scoreDueCalls(data, desk.calls, { publish, log: desk.log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    desk.log.warn({ run: data.run.id, reason }, 'opinions could not be scored; the next observation tries again');
  }
}
