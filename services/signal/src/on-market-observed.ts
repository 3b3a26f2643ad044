import { type Handler, on } from '@rangeward/adapter-nats/bus';
import { marketObserved, priorComputed, Rejection, recommendation } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { computePrior } from './compute-prior.ts';
import { type RecommendSettings, recommend } from './recommend.ts';

type Dependencies = {
  readonly settings: RecommendSettings;
  /** Seconds from block to block, by the name of the chain. */
  readonly blockTimesS: ReadonlyMap<string, number>;
  readonly log: Logger;
};

const NOBODY_ASKED = { kind: 'none', reason: 'off', detail: 'no model is asked' } as const;

/** From what was observed to a view and a range. The same message published twice gives the same two messages. */
export function onMarketObserved({ settings, blockTimesS, log }: Dependencies): Handler {
  return on(marketObserved, async ({ data }, context) => {
    const { run } = data;
    const blockTimeS = blockTimesS.get(run.chain);
    if (blockTimeS === undefined) {
      throw new Rejection('unknown-chain', `chain ${run.chain} is not in the configuration`, { field: 'run.chain' });
    }
    const prior = computePrior(data, settings.prior, { horizonS: settings.horizonS, blockTimeS });
    const recommended = recommend(data, prior, settings, NOBODY_ASKED);
    await Promise.all([context.publish(priorComputed, { run, prior }), context.publish(recommendation, recommended)]);
    const { tickLower, tickUpper, mass } = recommended.range;
    log.info(
      { run: run.id, chain: run.chain, pool: run.pool, prior: prior.source, tickLower, tickUpper, mass },
      'range recommended',
    );
  });
}
