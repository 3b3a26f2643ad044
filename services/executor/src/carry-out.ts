import { setTimeout as pause } from 'node:timers/promises';
import { findReceipt, type RecordedReceipt, waitForReceipt } from '@rangeward/adapter-evm/receipts';
import { sendRaw } from '@rangeward/adapter-evm/send-raw';
import type { Signer } from '@rangeward/adapter-evm/signer';
import { type Plan, Rejection, type TradeExecuted } from '@rangeward/contracts';
import { checkPlan } from './check-plan.ts';
import {
  doneSteps,
  gasSpentWei,
  newRecord,
  type PlanRecord,
  pendingStep,
  planOf,
  type RecordedStep,
  readRecord,
  revertedStep,
  tradeOf,
  withChecks,
  withIntent,
  withReceipt,
  withTrade,
} from './plan-record.ts';
import { prepareStep } from './prepare-step.ts';
import { factsNamed } from './step-facts.ts';
import { summariseTrade } from './summarise-trade.ts';
import { boundary, circumstances, lookAtChain, sourcesOf, type WalletLease, type WalletTools } from './wallet-tools.ts';

/** Another plan of this wallet was begun and not finished; it comes first. */
export type Taken = { readonly kind: 'taken'; readonly planId: string };
export type CarriedOut = { readonly kind: 'done'; readonly trade: TradeExecuted } | Taken;

/** A plan in hand: what is recorded of it, at which version, under which lease. */
type Work = {
  readonly tools: WalletTools;
  readonly signer: Signer;
  readonly plan: Plan;
  readonly lease: WalletLease;
  record: PlanRecord;
  version: number;
};

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
  const work: Work = { tools, signer: tools.signer, plan, lease, record, version: opened.version };
  await boundary(tools, 'opened');
  const trade = tradeOf(record) ?? (await begin(work));
  return { kind: 'done', trade };
}

/** Goes on with a plan of which only the record is at hand. */
export async function resume(tools: WalletTools, planId: string, lease: WalletLease): Promise<CarriedOut> {
  const stored = await tools.records.read(planId);
  if (stored === null) throw new Error(`plan ${planId} holds the wallet but has no record`);
  return carryOut(tools, planOf(readRecord(stored.body)), lease);
}

async function begin(work: Work): Promise<TradeExecuted> {
  // Once something was signed, the checks that let it begin are history: a mined step would fail them.
  if (work.record.steps.length > 0) return takeSteps(work);
  const verdict = checkPlan(work.plan, await circumstances(work.tools, work.plan));
  work.record = withChecks(work.record, verdict.checks);
  return verdict.refusal === null ? takeSteps(work) : finish(work, 'refused', `refused: ${verdict.refusal}`);
}

async function takeSteps(work: Work): Promise<TradeExecuted> {
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
    const prepared = await prepareStep(tools, work.signer, plan, work.record);
    if (prepared.kind === 'complete') return complete(work);
    if (prepared.kind === 'ready') {
      await storeIntent(work, prepared.step);
      continue;
    }
    const reason = `${prepared.step} was not sent: ${prepared.reason}`;
    if (work.record.steps.length === 0) return refuse(work, prepared.step, prepared.reason);
    if (tools.now() > Date.parse(plan.run.deadline)) return stop(work, reason);
    tools.log.info({ planId: plan.planId, step: prepared.step, reason }, 'waiting to go on');
    await pause(tools.limits.receiptPollMs, undefined, { signal: lease.signal });
  }
}

/** Intent before effect: from here on the step exists, whoever goes on with it. */
async function storeIntent(work: Work, step: RecordedStep): Promise<void> {
  const { tools, plan, lease } = work;
  await boundary(tools, `${step.name}:signed`);
  lease.signal.throwIfAborted();
  const record = withIntent(work.record, step);
  work.version = await tools.records.save(lease.fence, plan.planId, work.version, record);
  work.record = record;
  await boundary(tools, `${step.name}:stored`);
}

/** Sends a recorded step unless the chain has it, and waits for its receipt. The same bytes, however often. */
async function settleStep(work: Work, step: RecordedStep): Promise<void> {
  const { tools, plan, lease } = work;
  const receipt = (await minedAlready(work, step)) ?? (await sendAndWait(work, step));
  await boundary(tools, `${step.name}:mined`);
  lease.signal.throwIfAborted();
  const record = withReceipt(work.record, receipt);
  // Proves, before it is written, that the receipt can be read: everything later is built on it.
  doneSteps(record, sourcesOf(tools, plan));
  const next = step.nonce + 1;
  work.version = await tools.records.stepDone(lease.fence, plan.planId, work.version, record, next);
  work.record = record;
  const { hash, block, status, gasUsed } = receipt;
  tools.log.info({ planId: plan.planId, step: step.name, hash, block, status, gasUsed }, 'step done');
  await boundary(tools, `${step.name}:done`);
}

/** A look before sending: after a crash the transaction may long be in a block. */
async function minedAlready(work: Work, step: RecordedStep): Promise<RecordedReceipt | null> {
  const found = await Promise.all(step.attempts.map(({ hash }) => findReceipt(work.tools.client, hash)));
  return found.some((receipt) => receipt !== null) ? awaitReceipt(work, step) : null;
}

async function sendAndWait(work: Work, step: RecordedStep): Promise<RecordedReceipt> {
  await offer(work, step);
  await boundary(work.tools, `${step.name}:sent`);
  return awaitReceipt(work, step);
}

async function offer({ tools, plan }: Work, step: RecordedStep): Promise<void> {
  const latest = step.attempts.at(-1);
  if (latest === undefined) throw new Error(`step ${step.name} was recorded without a signed form`);
  const answer = await sendRaw(tools.client, latest.raw);
  if (answer.kind === 'refused') throw new Error(`the node refuses ${step.name}: ${answer.reason}`);
  if (answer.kind === 'unknown') {
    const { reason } = answer;
    tools.log.warn({ planId: plan.planId, step: step.name, reason }, 'no clear answer to a send; its receipt decides');
  }
}

function awaitReceipt(work: Work, step: RecordedStep): Promise<RecordedReceipt> {
  const { limits, client } = work.tools;
  // An approval moves nothing and the step after it fails without it, so a block is enough.
  const isApproval = step.name.startsWith('approve-') || step.name.startsWith('reset-');
  return waitForReceipt(client, {
    hashes: step.attempts.map(({ hash }) => hash),
    confirmations: isApproval ? 1 : limits.confirmations,
    pollMs: limits.receiptPollMs,
    signal: AbortSignal.any([work.lease.signal, AbortSignal.timeout(limits.receiptTimeoutMs)]),
    resend: () => offer(work, step),
    resendMs: limits.resendMs,
  });
}

async function refuse(work: Work, step: string, reason: string): Promise<TradeExecuted> {
  const check = {
    name: `preflight-${step}`,
    passed: false,
    value: reason,
    threshold: 'the chain and the policy allow it',
  };
  work.record = withChecks(work.record, [...work.record.checks, check]);
  return finish(work, 'refused', `refused: ${step} is not possible: ${reason}`);
}

/** Nothing is left to do: the plan is done, or an executor before us had stopped it and was taking its approvals back. */
function complete(work: Work): Promise<TradeExecuted> {
  const reached = work.plan.kind === 'collect' || mintedBy(work) !== undefined;
  return reached ? finish(work, 'confirmed', confirmedReason(work)) : stop(work, 'stopped before it was done');
}

/** Something was done and the rest cannot be: take the approvals back and say where everything lies. */
async function stop(work: Work, reason: string): Promise<TradeExecuted> {
  const open = await takeApprovalsBack(work);
  const whole = mintedBy(work) !== undefined && revertedStep(work.record) === null;
  return finish(work, whole ? 'confirmed' : 'reverted', [reason, restingState(work), ...open].join('; '));
}

/** Steps back until no approval stands; what stands nevertheless, and why, in a sentence for a person. */
async function takeApprovalsBack(work: Work): Promise<string[]> {
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
    await storeIntent(work, prepared.step);
  }
}

/** Books first, then the record, then (by the caller) the event: each may be repeated, so a crash between them is harmless. */
async function finish(work: Work, outcome: TradeExecuted['outcome'], reason: string): Promise<TradeExecuted> {
  const { tools, plan, record, lease } = work;
  const chain = await lookAtChain(tools, plan);
  const done = doneOf(work);
  const gasWei = gasSpentWei(record);
  const swapStep = record.steps.find((step) => step.name === 'swap');
  const trade = summariseTrade({
    plan,
    mode: tools.mode,
    outcome,
    reason,
    checks: record.checks,
    done,
    transactions: transactionsOf(record),
    gasWei,
    priceBeforeSwapX96: swapStep === undefined ? null : BigInt(swapStep.sqrtPriceX96),
    priceAfterX96: chain.pool.sqrtPriceX96,
  });
  const minted = factsNamed(done, 'minted');
  lease.signal.throwIfAborted();
  if (trade.leftover !== null) {
    const to = minted?.tokenId ?? plan.position.tokenId;
    const agreed = await tools.ledger.settlePosition(plan, { to, left: trade.leftover });
    const told = { planId: plan.planId, tokenId: String(to) };
    if (!agreed) tools.log.error(told, 'the registry names another NFT as live');
  }
  if (gasWei === 0n) await tools.ledger.releaseBudget(plan.reservationId);
  else await tools.ledger.commitBudget(plan.reservationId, trade.gasUsdE6);
  await boundary(tools, 'settled');
  const closed = withTrade(record, trade);
  work.version = await tools.records.finish(lease.fence, plan.planId, work.version, closed);
  work.record = closed;
  await boundary(tools, 'finished');
  return trade;
}

function transactionsOf(record: PlanRecord): TradeExecuted['transactions'] {
  return record.steps.flatMap(({ name, nonce, receipt }) => {
    if (receipt === null) return [];
    const { hash, block, status } = receipt;
    const gas = { gasUsed: BigInt(receipt.gasUsed), effectiveGasPriceWei: BigInt(receipt.effectiveGasPriceWei) };
    return [{ step: name, hash, nonce, block, status, ...gas }];
  });
}

function doneOf({ record, tools, plan }: Work) {
  return doneSteps(record, sourcesOf(tools, plan));
}

function mintedBy(work: Work) {
  return factsNamed(doneOf(work), 'minted');
}

function restingState(work: Work): string {
  const minted = mintedBy(work);
  if (minted !== undefined) return `the new position ${minted.tokenId} is open`;
  const withdrawn = doneOf(work).some((step) => step.name === 'withdraw');
  return withdrawn ? 'the tokens rest in the wallet' : `position ${work.plan.position.tokenId} is as it was`;
}

function confirmedReason(work: Work): string {
  const steps = work.record.steps.map((step) => step.name).join(', ');
  return `done in ${work.record.steps.length} transactions: ${steps}`;
}

/** Plans for a chain or pool that this process does not serve can never succeed here. */
export function rejectUnknownChain(chain: string): never {
  throw new Rejection('unknown-chain', `chain ${chain} is not configured here`, { field: 'run.chain' });
}
