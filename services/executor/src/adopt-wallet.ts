import type { JournalEntry } from '@rangeward/adapter-nats/plan-journal';
import type { AdoptedRecords } from '@rangeward/adapter-redis/adopt-records';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { writeExecutorWallet } from '@rangeward/adapter-redis/executor-wallets';
import { stopTrading, type TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { Plan } from '@rangeward/contracts';
import { getTransactionCount } from 'viem/actions';
import { type Adopting, closeTold, takeUpPlan } from './adopt-plan.ts';
import { tooLate } from './check-plan.ts';
import { PlanHalted } from './halt-plan.ts';
import { observeWallet } from './observe-wallet.ts';
import { ForeignNonce } from './prepare-step.ts';
import { awaitQuiet } from './quarantine.ts';
import { type Finding, reconcile } from './reconcile.ts';
import { restoreBooks } from './restore-books.ts';
import { boundary, type WalletLease, type WalletTools } from './wallet-tools.ts';

/** What is asked beside the wallet's own tools when a wallet is adopted. */
export type Adoption = {
  readonly redis: Redis;
  /** Every plan of a chain that the broker keeps. */
  readonly readJournal: (chain: string) => Promise<readonly JournalEntry[]>;
  readonly recordsOf: (tools: Pick<WalletTools, 'chainId' | 'wallet'>) => AdoptedRecords;
  /** The stop of live trading that the audit trail leaves in force. */
  readonly readStop: () => Promise<TradingStop | null>;
  /** Carries an open plan on to its end and says what became of it. */
  readonly finish: (tools: WalletTools, planId: string, lease: WalletLease) => Promise<void>;
  /** Tells alerts. Never throws. */
  readonly notify: (tools: WalletTools, finding: Finding) => Promise<void>;
};

type AdoptOptions = {
  /** A plan that the broker gave out just now for the first time: nothing was done for it. */
  readonly fresh?: string;
  /** Also where Redis has lost nothing since the last time. */
  readonly always?: boolean;
};

/**
 * Before anything is begun for a wallet, what Redis knows is held against broker and chain. Whatever Redis lost is written
 * down again: registry and budgets from the plans and what became of them, the steps of a plan that was half done from the
 * wallet's own transactions, after everything on its way has come to rest. A half-done plan is carried on, never begun
 * again. The report that is written last says that all this is done; only then anything new begins.
 * Throws when broker, node or Redis do not answer, and what carrying a plan on throws: then it is tried again.
 */
export async function adoptWallet(
  adoption: Adoption,
  tools: WalletTools,
  lease: WalletLease,
  { fresh, always = false }: AdoptOptions = {},
): Promise<void> {
  const records = adoption.recordsOf(tools);
  const known = (await records.read()) !== null;
  if (known && !always) return;
  if (!known) await restoreShared(adoption, tools);
  const journal = (await adoption.readJournal(tools.chain)).filter((entry) => isOurs(tools, entry.plan));
  const restored = await restoreBooks(adoption.redis, journal, tools.now());
  const at: Adopting = { tools, records, lease };
  const floor = await tools.records.floor();
  const begun = journal.filter(
    ({ plan, trade, undelivered }) => trade === null && !undelivered && plan.planId !== fresh,
  );
  if (!known && begun.length > 0) await waitForQuiet(adoption, tools, lease, begun);
  await closeAllTold(at, journal, known);
  const plans = await finishPlans(adoption, at, { begun, known, floor });
  if (!known) await records.adoptFloor(lease.fence, await nextNonceOf(tools));
  const findings = reconcile(await observeWallet(tools, adoption.redis, { known, plans, floor, restored }));
  await tell(adoption, tools, findings);
  await boundary(tools, 'reconciled');
  await records.write(lease.fence, { at: new Date(tools.now()).toISOString(), known, findings });
}

/** What all services read: whose wallet it is, and before anything else that trading was stopped. */
async function restoreShared({ redis, readStop }: Adoption, { chain, wallet, log }: WalletTools): Promise<void> {
  const stop = await readStop();
  if (stop !== null && (await stopTrading(redis, stop)).changed) {
    log.error({ stop }, `live trading was ${stop.state} before Redis forgot it, and is again: ${stop.reason}`);
  }
  await writeExecutorWallet(redis, chain, wallet);
}

function isOurs(tools: WalletTools, { chainId, run, position }: Plan): boolean {
  return chainId === tools.chainId && run.mode === 'live' && position.owner === tools.wallet;
}

/** More blocks than a receipt needs, so that what was mined is deep enough to be built on. */
const MORE_BLOCKS = 2;

async function waitForQuiet(
  adoption: Adoption,
  tools: WalletTools,
  lease: WalletLease,
  begun: readonly JournalEntry[],
): Promise<void> {
  const { limits, wallet, second } = tools;
  const blocks = limits.confirmations + MORE_BLOCKS;
  const message = `Redis knows nothing of ${wallet}, and ${begun.length} plans may have been begun for it: nothing is signed until its transactions rest for ${blocks} blocks`;
  tools.log.warn({ wallet, plans: begun.map(({ plan }) => plan.planId), blocks }, 'Redis has lost its state');
  await adoption.notify(tools, { rule: 'adopt', code: 'state-lost', message });
  const { receiptPollMs: pollMs, receiptTimeoutMs: timeoutMs } = limits;
  await awaitQuiet(tools.client, { wallet, second, blocks, pollMs, timeoutMs, signal: lease.signal });
  await boundary(tools, 'quiet');
}

/** The record of a plan whose end was said closes; where Redis lost it, as long as its message could still begin it. */
async function closeAllTold(at: Adopting, journal: readonly JournalEntry[], known: boolean): Promise<void> {
  const open = await at.tools.records.openPlan();
  for (const entry of journal) {
    if (entry.trade === null) continue;
    const couldBegin = !known && open === null && tooLate(entry.plan, at.tools.now()) === null;
    if (entry.plan.planId === open || couldBegin) await closeTold(at, entry);
  }
}

type Unfinished = {
  readonly begun: readonly JournalEntry[];
  readonly known: boolean;
  readonly floor: number | null;
};

/** The plan that is open by our record comes first; one of which nothing is mined is left to its message. */
async function finishPlans(adoption: Adoption, at: Adopting, of: Unfinished) {
  const { tools } = at;
  const open = await tools.records.openPlan();
  const inOrder = [...of.begun].sort((a, b) => Number(b.plan.planId === open) - Number(a.plan.planId === open));
  const plans: { planId: string; stepsOnChain: number }[] = [];
  // Where nothing was lost and the wallet has moved no further than was written down, the records are the truth.
  const doubtful = !of.known || of.floor === null || (await nextNonceOf(tools)) > of.floor;
  for (const { plan } of inOrder) {
    const { planId } = plan;
    const stepsOnChain = doubtful ? await takeUpPlan(at, plan) : 0;
    if (stepsOnChain > 0 || planId === open) {
      plans.push({ planId, stepsOnChain });
      await finishOrTell(adoption, at, planId);
    }
  }
  return plans;
}

/** Nothing is begun for the wallet before this plan is over, so that it is not must be heard of. */
async function finishOrTell(adoption: Adoption, { tools, lease }: Adopting, planId: string): Promise<void> {
  try {
    await adoption.finish(tools, planId, lease);
  } catch (error) {
    const reason = error instanceof ForeignNonce || error instanceof PlanHalted ? error.message : null;
    const message = `plan ${planId} was begun and cannot be finished: ${reason}`;
    if (reason !== null) await adoption.notify(tools, { rule: 'halt', code: 'plan-not-finished', message });
    throw error;
  }
}

function nextNonceOf({ client, wallet }: WalletTools): Promise<number> {
  return getTransactionCount(client, { address: wallet, blockTag: 'latest' });
}

async function tell(adoption: Adoption, tools: WalletTools, findings: readonly Finding[]): Promise<void> {
  for (const finding of findings) {
    tools.log[finding.rule === 'halt' ? 'error' : 'warn']({ finding }, finding.message);
    // What was put right or is being finished is in the log; what a person must decide or know goes further.
    if (finding.rule === 'halt' || finding.rule === 'tell') await adoption.notify(tools, finding);
  }
}
