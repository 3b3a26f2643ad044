import { readPoolPrice } from '@rangeward/adapter-evm/read-pool-price';
import { readSentTransactions } from '@rangeward/adapter-evm/sent-transactions';
import type { JournalEntry } from '@rangeward/adapter-nats/plan-journal';
import type { AdoptedRecords } from '@rangeward/adapter-redis/adopt-records';
import type { Plan } from '@rangeward/contracts';
import { newRecord, type PlanRecord, type RecordedStep, readRecord, withTrade } from './plan-record.ts';
import { type Rebuilt, rebuildRecord } from './rebuild-record.ts';
import { boundary, sourcesOf, type WalletLease, type WalletTools } from './wallet-tools.ts';

/** The wallet in hand, whose plans are taken up. */
export type Adopting = {
  readonly tools: WalletTools;
  readonly records: AdoptedRecords;
  readonly lease: WalletLease;
};

/** A first step that was signed in time is mined, or cancelled, so much later at most. */
const FIRST_STEP_SLACK_S = 900n;

/**
 * Holds a plan that nobody has said the end of against the chain, and writes its record where Redis has none or an older
 * one. Answers how many of its steps are on the chain. Throws when the node does not answer.
 */
export async function takeUpPlan(at: Adopting, plan: Plan): Promise<number> {
  const { tools, records, lease } = at;
  const rebuilt = await rebuildFromChain(tools, plan);
  if (rebuilt === null) return 0;
  const stored = await tools.records.read(plan.planId);
  const standing = stored === null ? null : readRecord(stored.body);
  const record = standing === null ? rebuilt.record : withChain(standing, rebuilt.record);
  if (record === standing) return rebuilt.record.steps.length;
  await boundary(tools, 'rebuilt');
  lease.signal.throwIfAborted();
  await records.adoptPlan(lease.fence, plan.planId, record, rebuilt.nextNonce);
  const steps = record.steps.map(({ name }) => name);
  tools.log.warn({ planId: plan.planId, steps }, 'the record of a plan was rebuilt from the chain');
  await boundary(tools, 'adopted');
  return rebuilt.record.steps.length;
}

/** A plan whose end was said is never begun again, though Redis forgot it. Another plan must not be open. */
export async function closeTold({ tools, lease }: Adopting, { plan, trade }: JournalEntry): Promise<void> {
  if (trade === null) return;
  const { planId } = plan;
  const opened = await tools.records.open(lease.fence, planId, newRecord(plan));
  if (opened.kind === 'taken') throw new Error(`plan ${planId} cannot be closed: ${opened.planId} is open`);
  const record = readRecord(opened.body);
  if (record.status === 'done') return;
  await tools.records.finish(lease.fence, planId, opened.version, withTrade(record, trade));
  tools.log.warn({ planId, outcome: trade.outcome }, 'a plan whose end was said before is closed');
}

async function rebuildFromChain(tools: WalletTools, plan: Plan): Promise<Rebuilt | null> {
  const latestMs = Math.max(Date.parse(plan.validUntil), Date.parse(plan.run.deadline));
  const sent = await readSentTransactions(tools.client, {
    wallet: tools.wallet,
    afterBlock: plan.market.block.number,
    firstByS: BigInt(Math.floor(latestMs / 1000)) + FIRST_STEP_SLACK_S,
  });
  const question = { plan, sent, site: tools.site };
  const rebuilt = rebuildRecord(question);
  const swap = rebuilt?.record.steps.find(({ name }) => name === 'swap');
  if (!swap?.receipt) return rebuilt;
  const { pool } = sourcesOf(tools, plan);
  // Few nodes know the state of an old block: then the plan's own price stands in for it.
  const priceBeforeSwapX96 = await readPoolPrice(tools.client, pool, swap.receipt.block - 1).catch(() => null);
  return rebuildRecord({ ...question, priceBeforeSwapX96 });
}

/** The record that stands, with what the chain knows beyond it; the same object when that is nothing. */
export function withChain(standing: PlanRecord, chain: PlanRecord): PlanRecord {
  if (standing.status === 'done') return standing;
  const news = chain.steps.filter((step) => !isKnown(standing, step));
  if (news.length === 0) return standing;
  const steps = chain.steps.map((step) => joined(standing.steps, step));
  const last = chain.steps.at(-1)?.nonce ?? -1;
  return {
    ...standing,
    checks: chain.checks,
    steps: [...steps, ...standing.steps.filter(({ nonce }) => nonce > last)],
  };
}

function isKnown(standing: PlanRecord, step: RecordedStep): boolean {
  const attempts = standing.steps.find(({ nonce }) => nonce === step.nonce)?.attempts ?? [];
  return attempts.some(({ hash }) => step.attempts.some((mined) => mined.hash === hash));
}

function joined(standing: readonly RecordedStep[], step: RecordedStep): RecordedStep {
  const same = standing.find(({ nonce }) => nonce === step.nonce);
  if (same === undefined) return step;
  const mined = step.attempts.filter(({ hash }) => same.attempts.every((attempt) => attempt.hash !== hash));
  return { ...same, name: step.name, attempts: [...same.attempts, ...mined], receipt: step.receipt };
}
