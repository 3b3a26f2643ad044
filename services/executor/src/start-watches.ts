import type { Logger } from '@rangeward/service/log';
import { adoptIfLost, closeIfAbandoned, type PlanHandling } from './on-rebalance-planned.ts';
import { refuseLapsed } from './propose-plan.ts';
import { watchClosedPlans } from './watch-closed-plans.ts';
import { watchEvery } from './watch-every.ts';

/** How often it is looked whether an operator gave up the open plan. */
const ABANDON_LOOK_MS = 1_000;

/** How often it is looked whether Redis still knows what it knew. */
const ADOPT_LOOK_MS = 1_000;

/** How often it is looked whether a proposal has lapsed. */
const LAPSE_LOOK_MS = 1_000;

/** What is looked at again and again beside the messages. */
export function startWatches(
  handling: PlanHandling,
  of: { readonly finalityCheckMs: number; readonly log: Logger; readonly signal: AbortSignal },
): { stop(): Promise<void> } {
  const { log, signal } = of;
  const wallets = [...handling.wallets.values()];
  const told = (what: string) => (error: unknown) => log.warn({ err: error }, what);
  const watches = [
    watchEvery(
      ABANDON_LOOK_MS,
      async () => {
        for (const tools of wallets) await closeIfAbandoned(handling, tools, signal);
      },
      told('an abandoned plan is not closed yet; it is looked at again'),
    ),
    watchEvery(
      ADOPT_LOOK_MS,
      async () => {
        for (const tools of wallets) await adoptIfLost(handling, tools, signal);
      },
      told('the wallet is not adopted yet; it is tried again'),
    ),
    watchEvery(
      LAPSE_LOOK_MS,
      () => refuseLapsed(handling, signal),
      told('what nobody approved is not refused yet; it is looked at again'),
    ),
    ...wallets
      .filter(({ mode }) => mode === 'live')
      .map((tools) =>
        watchEvery(of.finalityCheckMs, watchClosedPlans(tools), (error) =>
          tools.log.warn({ err: error }, 'closed plans cannot be looked at now; again later'),
        ),
      ),
  ];
  return {
    stop: async () => {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}
