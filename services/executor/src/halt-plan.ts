import { withHalt } from './plan-record.ts';
import type { PlanWork } from './plan-work.ts';

/** What was built on is gone: nobody but a person may say what becomes of this plan. */
export class PlanHalted extends Error {
  override readonly name = 'PlanHalted';

  constructor(planId: string, reason: string) {
    super(
      `plan ${planId} is halted: ${reason}. Nothing is signed or sent until somebody gives the plan up with "rangeward plan abandon"`,
    );
  }
}

/** Writes down that the plan is halted, tells alerts, and throws PlanHalted; so does every later call, until it is abandoned. */
export async function haltPlan(work: PlanWork, reason: string): Promise<never> {
  const { tools, plan, lease } = work;
  lease.signal.throwIfAborted();
  const record = withHalt(work.record, { reason, at: new Date(tools.now()).toISOString() });
  work.version = await tools.records.save(lease.fence, plan.planId, work.version, record);
  work.record = record;
  const halted = new PlanHalted(plan.planId, reason);
  tools.log.error({ planId: plan.planId, reason }, 'a plan is halted');
  await tools.reportError({ code: 'plan-halted', message: halted.message, plan });
  throw halted;
}

export function assertNotHalted({ plan, record }: Pick<PlanWork, 'plan' | 'record'>): void {
  if (record.halted !== undefined) throw new PlanHalted(plan.planId, record.halted.reason);
}
