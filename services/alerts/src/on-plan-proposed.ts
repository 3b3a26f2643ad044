import { type Handler, on } from '@rangeward/adapter-nats/bus';
import { planProposed } from '@rangeward/contracts';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfProposal } from './rules.ts';

/** A plan that waits for a person is told to one. */
export function onPlanProposed({ raise, failures }: { raise: RaiseAlert; failures: OwnFailures }): Handler {
  return on(planProposed, async ({ data }) => {
    await failures.guard('plan-proposed', async () => {
      await raise(alertOfProposal(data));
    });
  });
}
