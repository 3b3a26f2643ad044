import type { Signer } from '@rangeward/adapter-evm/signer';
import type { Plan } from '@rangeward/contracts';
import { doneSteps, type PlanRecord } from './plan-record.ts';
import { type DoneStep, factsNamed } from './step-facts.ts';
import { sourcesOf, type WalletLease, type WalletTools } from './wallet-tools.ts';

/** A plan in hand: what is recorded of it, at which version, under which lease. */
export type PlanWork = {
  readonly tools: WalletTools;
  readonly signer: Signer;
  readonly plan: Plan;
  readonly lease: WalletLease;
  record: PlanRecord;
  version: number;
};

/** What the plan's steps did, by their receipts. */
export function doneOf({ record, tools, plan }: PlanWork): DoneStep[] {
  return doneSteps(record, sourcesOf(tools, plan));
}

export function mintedBy(work: PlanWork) {
  return factsNamed(doneOf(work), 'minted');
}
