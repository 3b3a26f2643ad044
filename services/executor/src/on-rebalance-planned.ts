import { setTimeout as pause } from 'node:timers/promises';
import type { Bus, MessageContext } from '@rangeward/adapter-nats/bus';
import {
  type DomainEvent,
  type Plan,
  planProposed,
  Rejection,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { type Adoption, adoptWallet } from './adopt-wallet.ts';
import { carryOut, rejectUnknownChain, resume, type Taken } from './carry-out.ts';
import { assertWellFormed, tooLate } from './check-plan.ts';
import type { HoldWallet } from './hold-wallet.ts';
import { ForeignNonce } from './prepare-step.ts';
import { type Proposals, permissionFor, proposePlan, refuseUnapproved } from './propose-plan.ts';
import { refuseUnbegun } from './refuse-unbegun.ts';
import { rehearse } from './rehearse.ts';
import { boundary, type WalletLease, type WalletTools } from './wallet-tools.ts';

export type PlanHandling = {
  /** By the chain's configured name. */
  readonly wallets: ReadonlyMap<string, WalletTools>;
  readonly hold: HoldWallet;
  readonly bus: Pick<Bus, 'publish'>;
  /** Plans that wait for a person. */
  readonly proposals: Proposals;
  /** Gives the reservation of a plan that is none back, when it is certain that nothing was signed under it. */
  readonly releaseRejected: (plan: Plan) => Promise<void>;
  /** What a wallet is adopted with before anything is begun for it. */
  readonly adoption: Omit<Adoption, 'finish'>;
};

const WAIT_FOR_WALLET_MS = 20_000;

/** Another executor is at work with this wallet; trying again later helps. */
export class WalletBusy extends Error {
  override readonly name = 'WalletBusy';
}

/**
 * A plan arrives: rehearse it (paper) or carry it out (live), and say what became of it, once. Safe to repeat at any point.
 * Rejects what is no plan of ours; a plan that must not begin is an ordinary answer, `refused`.
 */
export function handlePlans(handling: PlanHandling) {
  return async (event: DomainEvent<Plan>, context: MessageContext): Promise<void> => {
    const plan = event.data;
    const tools = await acceptPlan(handling, plan);
    // A run may ask for less than the configuration allows: one on paper is only rehearsed by a live executor too.
    const onPaper = tools.mode === 'paper' || plan.run.mode === 'paper';
    const trade = onPaper
      ? await rehearse({ ...tools, mode: 'paper', signer: null }, plan)
      : await carryOutIfMay(handling, tools, plan, context);
    // It waits for a person, who was told.
    if (trade === null) return;
    await context.publish(tradeExecuted, trade, { correlationId: plan.run.id });
    await boundary(tools, 'published');
  };
}

/** What a plan is carried out with. A plan that is none keeps no budget. */
async function acceptPlan(handling: PlanHandling, plan: Plan): Promise<WalletTools> {
  try {
    const tools = handling.wallets.get(plan.run.chain) ?? rejectUnknownChain(plan.run.chain);
    assertWellFormed(plan);
    return tools;
  } catch (error) {
    if (error instanceof Rejection) await handling.releaseRejected(plan);
    throw error;
  }
}

/** Carried out, refused, or null: kept until a person approves it. What was begun is always carried to its end. */
async function carryOutIfMay(
  handling: PlanHandling,
  tools: WalletTools,
  plan: Plan,
  context: MessageContext,
): Promise<TradeExecuted | null> {
  const may = permissionFor(plan, tools.autonomy(plan));
  const begun = may !== 'granted' && (await tools.records.read(plan.planId)) !== null;
  if (may === 'granted' || begun) return carryOutHeld(handling, tools, plan, context);
  if (may === 'refused') return refuseUnapproved(tools, plan, 'observe');
  const proposed = await proposePlan(handling.proposals, plan, tools.now());
  await context.publish(planProposed, proposed, { correlationId: plan.run.id });
  return null;
}

export async function carryOutHeld(
  handling: PlanHandling,
  tools: WalletTools,
  plan: Plan,
  { attempt, signal }: Pick<MessageContext, 'attempt' | 'signal'>,
) {
  const deadlineMs = performance.now() + WAIT_FOR_WALLET_MS;
  for (;;) {
    const answer = await handling.hold(tools, signal, async (lease) => {
      await adopt(handling, tools, lease, attempt === 1 ? { fresh: plan.planId } : {});
      return carryOutInTurn(handling, tools, plan, lease);
    });
    if (answer.held) return answer.result;
    if (performance.now() > deadlineMs) {
      throw new WalletBusy(`${tools.wallet} on ${tools.chain} is held by another executor`);
    }
    await pause(100, undefined, { signal });
  }
}

/** A wallet finishes what it began before it begins anything else. */
async function carryOutInTurn(
  handling: PlanHandling,
  tools: WalletTools,
  plan: Plan,
  lease: WalletLease,
): Promise<TradeExecuted> {
  // Nothing recorded and its time over: whatever keeps the wallet or the node busy, this plan will never begin.
  const late = tooLate(plan, tools.now());
  if (late !== null && (await tools.records.read(plan.planId)) === null) return refuseUnbegun(tools, plan, late);
  let answer = await carryOutOrLookAgain(handling, tools, plan, lease);
  while (answer.kind === 'taken') {
    await finishOther(handling, tools, answer, lease);
    answer = await carryOut(tools, plan, lease);
  }
  return answer.trade;
}

/** A Redis that was set back to an old copy does not know the plan's own steps, which then look like a stranger's. */
async function carryOutOrLookAgain(handling: PlanHandling, tools: WalletTools, plan: Plan, lease: WalletLease) {
  try {
    return await carryOut(tools, plan, lease);
  } catch (error) {
    if (!(error instanceof ForeignNonce)) throw error;
    await adopt(handling, tools, lease, { always: true });
    return carryOut(tools, plan, lease);
  }
}

async function finishOther(
  handling: PlanHandling,
  tools: WalletTools,
  other: Taken,
  lease: WalletLease,
): Promise<void> {
  tools.log.warn({ planId: other.planId }, 'finishing a plan that was begun before');
  const answer = await resume(tools, other.planId, lease);
  if (answer.kind === 'taken')
    throw new Error(`the wallet is taken by plan ${answer.planId} while it finishes another`);
  await handling.bus.publish(tradeExecuted, answer.trade, { correlationId: answer.trade.run.id });
}

/** Unless Redis still says that it was done. */
function adopt(
  handling: PlanHandling,
  tools: WalletTools,
  lease: WalletLease,
  options: Parameters<typeof adoptWallet>[3],
): Promise<void> {
  const finish: Adoption['finish'] = (wallet, planId, held) =>
    finishOther(handling, wallet, { kind: 'taken', planId }, held);
  return adoptWallet({ ...handling.adoption, finish }, tools, lease, options);
}

/** As before the first plan, also while nobody asks for anything: a position that moves is not priced by lost books. */
export async function adoptIfLost(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  if (tools.mode === 'paper' || (await handling.adoption.recordsOf(tools).read()) !== null) return;
  await handling.hold(tools, signal, (lease) => adopt(handling, tools, lease, {}));
}

/** A plan that was given up by an operator is closed as soon as nobody is at it. */
export async function closeIfAbandoned(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  const planId = tools.mode === 'paper' ? null : await tools.records.openPlan();
  if (planId === null || (await tools.abandons.read(planId)) === null) return;
  await adoptOpenPlan(handling, tools, signal);
}

async function adoptOpenPlan(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  await handling.hold(tools, signal, async (lease) => {
    const planId = await tools.records.openPlan();
    if (planId !== null) await finishOther(handling, tools, { kind: 'taken', planId }, lease);
  });
}

/**
 * Before the first new plan the wallet is held against broker and chain, whatever Redis says, and half-done work of before
 * is finished.
 */
export async function adoptAtStart(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  if (tools.mode === 'paper') return;
  await handling.hold(tools, signal, (lease) => adopt(handling, tools, lease, { always: true }));
  // What the broker does not know any more is finished from the record alone.
  await adoptOpenPlan(handling, tools, signal);
}
