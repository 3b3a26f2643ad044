import type { TradeExecuted } from '@rangeward/contracts';
import { getTransactionCount } from 'viem/actions';
import { closePlan, restingState } from './close-plan.ts';
import { revertedStep, withReceiptOf } from './plan-record.ts';
import { nextStep } from './plan-steps.ts';
import { doneOf, mintedBy, type PlanWork } from './plan-work.ts';
import { receiptNow } from './step-on-chain.ts';

/**
 * Closes a plan that an operator gave up, if one did: its steps are read from the chain once more, and what the chain does
 * not show was not done. Refused while a signed step can still be mined, because nobody can say then what the plan did.
 * Null when nobody asked, or the plan must stay open.
 */
export async function closeAbandoned(work: PlanWork): Promise<TradeExecuted | null> {
  const { tools, plan } = work;
  const asked = await tools.abandons.read(plan.planId);
  if (asked === null) return null;
  const doubtful = await readStepsAnew(work);
  if (doubtful !== null) {
    await tools.abandons.answer(plan.planId, { closed: false, text: doubtful });
    tools.log.warn({ planId: plan.planId, by: asked.by, reason: doubtful }, 'a plan cannot be abandoned yet');
    return null;
  }
  const said = [
    `abandoned by ${asked.by} (${asked.reason})`,
    `${restingState(work)}, as far as this plan’s own transactions go`,
    ...standingApproval(work),
  ].join('; ');
  const trade = await closePlan(work, outcomeOf(work), said);
  tools.log.warn({ planId: plan.planId, by: asked.by, at: asked.at, reason: said }, 'a plan was abandoned');
  await tools.abandons.answer(plan.planId, { closed: true, text: said });
  return trade;
}

function outcomeOf(work: PlanWork): TradeExecuted['outcome'] {
  if (work.record.steps.every(({ receipt }) => receipt === null)) return 'refused';
  return mintedBy(work) !== undefined && revertedStep(work.record) === null ? 'confirmed' : 'reverted';
}

/** The wallet is in other hands: nothing more is signed for this plan, so what it approved stands. */
function standingApproval(work: PlanWork): string[] {
  const { plan, tools } = work;
  const question = { plan, done: doneOf(work), pool: plan.market.pool, site: tools.site, blockTimeS: 0n };
  const step = nextStep({ ...question, ending: true });
  return step === null ? [] : [`an approval stands: ${step.name} was not sent`];
}

/** Every step with the receipt that the chain shows now; why that is not certain, or null when it is. */
async function readStepsAnew(work: PlanWork): Promise<string | null> {
  const { tools } = work;
  const [nextNonce, ...shown] = await Promise.all([
    getTransactionCount(tools.client, { address: tools.wallet, blockTag: 'latest' }),
    ...work.record.steps.map((step) => receiptNow(tools.client, step)),
  ]);
  let { record } = work;
  for (const [index, step] of record.steps.entries()) {
    const receipt = shown[index] ?? null;
    if (receipt === null && nextNonce <= step.nonce) {
      return `step ${step.name} is signed with nonce ${step.nonce}, which the wallet has not used: it can still be mined. Use that nonce for another transaction, then ask again`;
    }
    record = withReceiptOf(record, index, receipt);
  }
  work.record = record;
  return null;
}
