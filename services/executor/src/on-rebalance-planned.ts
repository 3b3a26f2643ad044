import { setTimeout as pause } from 'node:timers/promises';
import type { Bus, MessageContext } from '@rangeward/adapter-nats/bus';
import { type DomainEvent, type Plan, Rejection, type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import { carryOut, rejectUnknownChain, resume, type Taken } from './carry-out.ts';
import { assertWellFormed, tooLate } from './check-plan.ts';
import type { HoldWallet } from './hold-wallet.ts';
import { refuseUnbegun } from './refuse-unbegun.ts';
import { rehearse } from './rehearse.ts';
import { boundary, type WalletLease, type WalletTools } from './wallet-tools.ts';

export type PlanHandling = {
  /** By the chain's configured name. */
  readonly wallets: ReadonlyMap<string, WalletTools>;
  readonly hold: HoldWallet;
  readonly bus: Pick<Bus, 'publish'>;
  /** Gives the reservation of a plan that is none back, when it is certain that nothing was signed under it. */
  readonly releaseRejected: (plan: Plan) => Promise<void>;
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
      : await carryOutHeld(handling, tools, plan, context.signal);
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

async function carryOutHeld(handling: PlanHandling, tools: WalletTools, plan: Plan, signal: AbortSignal) {
  const deadlineMs = performance.now() + WAIT_FOR_WALLET_MS;
  for (;;) {
    const answer = await handling.hold(tools, signal, (lease) => carryOutInTurn(handling, tools, plan, lease));
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
  let answer = await carryOut(tools, plan, lease);
  while (answer.kind === 'taken') {
    await finishOther(handling, tools, answer, lease);
    answer = await carryOut(tools, plan, lease);
  }
  return answer.trade;
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

/** A plan that was given up by an operator is closed as soon as nobody is at it. */
export async function closeIfAbandoned(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  const planId = tools.mode === 'paper' ? null : await tools.records.openPlan();
  if (planId === null || (await tools.abandons.read(planId)) === null) return;
  await adoptOpenPlan(handling, tools, signal);
}

/** Half-done work of before is finished before the first new plan is looked at. */
export async function adoptOpenPlan(handling: PlanHandling, tools: WalletTools, signal: AbortSignal): Promise<void> {
  if (tools.mode === 'paper') return;
  await handling.hold(tools, signal, async (lease) => {
    const planId = await tools.records.openPlan();
    if (planId !== null) await finishOther(handling, tools, { kind: 'taken', planId }, lease);
  });
}
