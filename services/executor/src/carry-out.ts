import { setTimeout as pause } from 'node:timers/promises';
import { type Plan, Rejection, type TradeExecuted } from '@rangeward/contracts';
import { closeAbandoned } from './abandon-plan.ts';
import { checkPlan, type PlanVerdict, tooLate, verdictOf } from './check-plan.ts';
import { closePlan, confirmedReason, refusePlan, restingState } from './close-plan.ts';
import { assertNotHalted } from './halt-plan.ts';
import { type Closed, heedStop } from './heed-stop.ts';
import {
  cancelledStep,
  newRecord,
  pendingStep,
  planOf,
  type RecordedStep,
  readRecord,
  revertedStep,
  tradeOf,
  withChecks,
  withIntent,
} from './plan-record.ts';
import { mintedBy, type PlanWork } from './plan-work.ts';
import { type Prepared, prepareStep } from './prepare-step.ts';
import { lookBack, restoreSteps } from './restore-steps.ts';
import { settleStep } from './settle-step.ts';
import { boundary, circumstances, type WalletLease, type WalletTools } from './wallet-tools.ts';

/** Another plan of this wallet was begun and not finished; it comes first. */
export type Taken = { readonly kind: 'taken'; readonly planId: string };
type CarriedOut = { readonly kind: 'done'; readonly trade: TradeExecuted } | Taken;

/**
 * Carries a plan out on chain, from wherever its record says it stands, and returns the event that closes it. Each step is signed and
 * recorded before it is sent, and done only with its receipt. Whatever is thrown on the way leaves a record from which the next call
 * goes on; called again for a finished plan it returns the same event.
 */
export async function carryOut(tools: WalletTools, plan: Plan, lease: WalletLease): Promise<CarriedOut> {
  if (tools.signer === null) throw new Error('a plan cannot be carried out without a signer');
  await boundary(tools, 'received');
  const opened = await tools.records.open(lease.fence, plan.planId, newRecord(plan));
  if (opened.kind === 'taken') return opened;
  const record = readRecord(opened.body);
  const work: PlanWork = { tools, signer: tools.signer, plan, lease, record, version: opened.version };
  await boundary(tools, 'opened');
  const abandoned = record.status === 'open' && opened.kind === 'known' ? await closeAbandoned(work) : null;
  const closed = tradeOf(record) ?? abandoned;
  if (closed === null) assertNotHalted(work);
  const trade = closed ?? (await begin(work));
  return { kind: 'done', trade };
}

/** Goes on with a plan of which only the record is at hand. */
export async function resume(tools: WalletTools, planId: string, lease: WalletLease): Promise<CarriedOut> {
  const stored = await tools.records.read(planId);
  if (stored === null) throw new Error(`plan ${planId} holds the wallet but has no record`);
  return carryOut(tools, planOf(readRecord(stored.body)), lease);
}

async function begin(work: PlanWork): Promise<TradeExecuted> {
  // Once something was signed, the checks that let it begin are history: a mined step would fail them.
  if (work.record.steps.length > 0) return takeSteps(work);
  const { tools, plan } = work;
  const verdict = tooLate(plan, tools.now()) ?? (await checkAll(tools, plan));
  work.record = withChecks(work.record, verdict.checks);
  return verdict.refusal === null ? takeSteps(work) : closePlan(work, 'refused', `refused: ${verdict.refusal}`);
}

/** The checks first, and only for a plan that passes them our own limits, which it draws on. */
async function checkAll(tools: WalletTools, plan: Plan): Promise<PlanVerdict> {
  const verdict = checkPlan(plan, await circumstances(tools, plan));
  if (verdict.refusal !== null) return verdict;
  return verdictOf([...verdict.checks, ...(await tools.caps.reserve(plan))]);
}

async function takeSteps(work: PlanWork): Promise<TradeExecuted> {
  const { tools, plan, lease } = work;
  for (;;) {
    lease.signal.throwIfAborted();
    const pending = pendingStep(work.record);
    if (pending !== null) {
      await settleStep(work, pending);
      continue;
    }
    const reverted = revertedStep(work.record);
    if (reverted !== null) return stop(work, `${reverted.name} reverted on chain`);
    const cancelled = cancelledStep(work.record);
    if (cancelled !== null) return stop(work, `${cancelled.name} was cancelled before it was mined`);
    const past = await lookBack(work);
    if (past === 'changed') continue;
    const prepared = await prepareStep(tools, work.signer, plan, work.record);
    if (prepared.kind === 'complete') return complete(work);
    if (prepared.kind === 'ready' && past === 'as-recorded') {
      const heeded = await heedStop(work, prepared.step.name);
      if (heeded.kind === 'closed') return heeded.trade;
      if (heeded.kind === 'go-on') await storeIntent(work, prepared.step);
      continue;
    }
    const abandoned = await closeAbandoned(work);
    if (abandoned !== null) return abandoned;
    const { step, reason } = whyNot(prepared);
    if (work.record.steps.length === 0) return refusePlan(work, step, reason);
    if (tools.now() > Date.parse(plan.run.deadline)) return stop(work, `${step} was not sent: ${reason}`);
    tools.log.info({ planId: plan.planId, step, reason }, 'waiting to go on');
    await pause(tools.limits.receiptPollMs, undefined, { signal: lease.signal });
  }
}

/** Why a step is not sent now. One that is ready waits for a node that shows less than was done. */
function whyNot(prepared: Exclude<Prepared, { kind: 'complete' }>): { readonly step: string; readonly reason: string } {
  if (prepared.kind === 'blocked') return prepared;
  return { step: prepared.step.name, reason: 'the node lags: it does not show what is done' };
}

/** Intent before effect: from here on the step exists, whoever goes on with it. */
async function storeIntent(work: PlanWork, step: RecordedStep): Promise<void> {
  const { tools, plan, lease } = work;
  await boundary(tools, `${step.name}:signed`);
  lease.signal.throwIfAborted();
  const record = withIntent(work.record, step);
  work.version = await tools.records.save(lease.fence, plan.planId, work.version, record);
  work.record = record;
  await boundary(tools, `${step.name}:stored`);
}

/** Nothing is left to do: the plan is done, or an executor before us had stopped it and was taking its approvals back. */
async function complete(work: PlanWork): Promise<TradeExecuted> {
  if (await restoreSteps(work)) return takeSteps(work);
  // The steps of a collect and of an exit are over when nothing follows; only a rebalance may have been stopped before.
  const reached = work.plan.kind !== 'rebalance' || mintedBy(work) !== undefined;
  return reached ? closePlan(work, 'confirmed', confirmedReason(work)) : stop(work, 'stopped before it was done');
}

/**
 * Something was done and the rest cannot be: take the approvals back and say where everything lies. What a reorganisation
 * took away is put back first, because the sentence must be true of the chain and not of the record.
 */
async function stop(work: PlanWork, reason: string): Promise<TradeExecuted> {
  if (await restoreSteps(work)) return takeSteps(work);
  const open = await takeApprovalsBack(work);
  if (!Array.isArray(open)) return open.trade;
  if (await restoreSteps(work)) return takeSteps(work);
  const whole = mintedBy(work) !== undefined && revertedStep(work.record) === null;
  return closePlan(work, whole ? 'confirmed' : 'reverted', [reason, restingState(work), ...open].join('; '));
}

/** Steps back until no approval stands; what stands nevertheless, and why, in a sentence for a person. */
async function takeApprovalsBack(work: PlanWork): Promise<string[] | Closed> {
  const { tools, signer, plan, lease } = work;
  for (;;) {
    lease.signal.throwIfAborted();
    const pending = pendingStep(work.record);
    if (pending !== null) await settleStep(work, pending);
    const last = work.record.steps.at(-1);
    if (last?.receipt?.status === 'reverted' && last.name.startsWith('reset-')) {
      return [`an approval stands: ${last.name} reverted`];
    }
    const prepared = await prepareStep(tools, signer, plan, work.record, { ending: true });
    if (prepared.kind === 'complete') return [];
    if (prepared.kind === 'blocked') return [`an approval stands: ${prepared.step} was not sent: ${prepared.reason}`];
    const heeded = await heedStop(work, prepared.step.name);
    if (heeded.kind === 'closed') return heeded;
    if (heeded.kind === 'go-on') await storeIntent(work, prepared.step);
  }
}

/** Plans for a chain or pool that this process does not serve can never succeed here. */
export function rejectUnknownChain(chain: string): never {
  throw new Rejection('unknown-chain', `chain ${chain} is not configured here`, { field: 'run.chain' });
}
