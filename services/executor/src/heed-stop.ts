import { setTimeout as pause } from 'node:timers/promises';
import type { TradeExecuted } from '@rangeward/contracts';
import { closeAbandoned } from './abandon-plan.ts';
import { tellStop } from './check-plan.ts';
import { refusePlan } from './close-plan.ts';
import type { PlanWork } from './plan-work.ts';

/** The plan is over, with this event. */
export type Closed = { readonly kind: 'closed'; readonly trade: TradeExecuted };
type Heeded = Closed | { readonly kind: 'go-on' } | { readonly kind: 'look-again' };

/**
 * Asked with the next step in hand, before it is stored. A pause lets a plan that was begun come to its end; a kill lets
 * nothing new be signed at all: what was begun waits as it stands until a person resumes or gives it up. A plan of which
 * nothing was done is refused by either.
 */
export async function heedStop(work: PlanWork, step: string): Promise<Heeded> {
  const { tools, plan, lease } = work;
  const stop = await tools.stopAsked();
  const begun = work.record.steps.length > 0;
  if (stop === null || (begun && stop.state === 'paused')) return { kind: 'go-on' };
  if (!begun) return { kind: 'closed', trade: await refusePlan(work, step, tellStop(stop)) };
  const trade = await closeAbandoned(work);
  if (trade !== null) return { kind: 'closed', trade };
  tools.log.warn({ planId: plan.planId, step, stop }, 'live trading is killed: the plan waits before this step');
  await pause(tools.limits.receiptPollMs, undefined, { signal: lease.signal });
  return { kind: 'look-again' };
}
