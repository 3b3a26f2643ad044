import { type Handler, on } from '@rangeward/adapter-nats/bus';
import { planApproved, Rejection, tradeExecuted } from '@rangeward/contracts';
import { rejectUnknownChain } from './carry-out.ts';
import { carryOutHeld, type PlanHandling } from './on-rebalance-planned.ts';

/** A person approved a plan: it is carried out now, under every check that any plan meets. */
export function onPlanApproved(handling: PlanHandling): Handler {
  return on(planApproved, async ({ data: { planId, by } }, context) => {
    const { proposals, wallets } = handling;
    const plan = await proposals.read(planId);
    if (plan === null) throw new Rejection('no-such-proposal', `no plan ${planId} waits for an approval (${by})`);
    const tools = wallets.get(plan.run.chain) ?? rejectUnknownChain(plan.run.chain);
    tools.log.info({ planId, by }, 'a plan was approved');
    const trade = await carryOutHeld(handling, tools, plan, context);
    await context.publish(tradeExecuted, trade, { correlationId: plan.run.id });
    await proposals.drop(planId);
  });
}
