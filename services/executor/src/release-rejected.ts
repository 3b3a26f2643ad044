import { type Plan, planIdOf } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { planOf, readRecord } from './plan-record.ts';
import type { WalletTools } from './wallet-tools.ts';

type Tools = {
  readonly wallets: ReadonlyMap<string, Pick<WalletTools, 'records'>>;
  readonly releaseBudget: (reservationId: string) => Promise<unknown>;
  readonly log: Logger;
};

/**
 * A plan that is none becomes a dead letter, and its budget is free again when it is certain that nothing was signed under
 * its reservation: neither the plan it says it is, nor the one its content is, nor the one a wallet has in hand has a signed
 * step that drew on it. Otherwise the reservation stays until its window is over, and the log says so.
 */
export function createReleaseRejected({ wallets, releaseBudget, log }: Tools): (plan: Plan) => Promise<void> {
  return async (plan) => {
    const { planId, ...content } = plan;
    const about = { planId, reservationId: plan.reservationId };
    const standing = await Promise.all(
      [...wallets.values()].map(async ({ records }) => {
        const open = await records.openPlan();
        const ids = [...new Set([planId, planIdOf(content), ...(open === null ? [] : [open])])];
        return Promise.all(ids.map((id) => records.read(id)));
      }),
    );
    const signed = standing.flat().some((stored) => {
      if (stored === null) return false;
      const record = readRecord(stored.body);
      return record.steps.length > 0 && planOf(record).reservationId === plan.reservationId;
    });
    if (signed) return log.warn(about, 'a rejected plan names the reservation of one that was begun: it is kept');
    await releaseBudget(plan.reservationId);
    log.info(about, 'nothing was signed for a rejected plan: its budget is free again');
  };
}
