import type { RecordedReceipt } from '@rangeward/adapter-evm/receipts';
import { type Gate, type Plan, rebalancePlanned, type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import { isHex } from 'viem';
import { z } from 'zod';
import { type DoneStep, type EventSources, factsOf, type StepName, stepNumbers } from './step-facts.ts';

/**
 * What is written down of a plan while it is carried out; plain JSON. A step enters it signed, before it is sent, and gets its receipt
 * when the chain has confirmed it. At most the last step has no receipt.
 */

const hex = z.custom<`0x${string}`>((value) => isHex(value), 'expected 0x and hex digits');
const decimal = z.string().regex(/^[0-9]+$/);

const receipt: z.ZodType<RecordedReceipt> = z.object({
  hash: hex,
  status: z.enum(['success', 'reverted']),
  block: z.int().nonnegative(),
  blockHash: hex,
  gasUsed: decimal,
  effectiveGasPriceWei: decimal,
  l1FeeWei: decimal,
  logs: z.array(z.object({ address: hex, topics: z.array(hex), data: hex })),
});

const attempt = z.object({
  raw: hex,
  hash: hex,
  /** It does nothing but use up the step's nonce, so that the step is never mined. */
  cancels: z.boolean().optional(),
  /** When it was made, wall clock in milliseconds, and the latest block then; absent in records from before. */
  at: z.int().nonnegative().optional(),
  block: z.int().nonnegative().optional(),
});
export type Attempt = z.output<typeof attempt>;

const recordedStep = z.object({
  name: z.custom<StepName>((value) => typeof value === 'string' && value in stepNumbers, 'expected a step’s name'),
  nonce: z.int().nonnegative(),
  /** The pool's price when the step was made. */
  sqrtPriceX96: decimal,
  /** Signed forms of the same step, all with the same nonce. */
  attempts: z.array(attempt).min(1),
  /** Block time from which the chain refuses the step, seconds; absent where it has no deadline. */
  deadlineS: z.int().nonnegative().optional(),
  receipt: receipt.nullable(),
});
export type RecordedStep = z.output<typeof recordedStep>;

const gate = z.object({ name: z.string(), passed: z.boolean(), value: z.string(), threshold: z.string() });

const planRecord = z.object({
  status: z.enum(['open', 'done']),
  /** The plan as it stood on the wire. */
  plan: z.unknown(),
  checks: z.array(gate),
  steps: z.array(recordedStep),
  /** Why only a person may end this plan, and since when (ISO 8601 UTC). */
  halted: z.object({ reason: z.string(), at: z.string() }).optional(),
  /** The event that closes the plan, as it goes on the wire; null while it is open. */
  trade: z.unknown(),
});
export type PlanRecord = z.output<typeof planRecord>;

/** The record of a plan for which nothing was done yet. */
export function newRecord(plan: Plan): PlanRecord {
  return { status: 'open', plan: z.encode(rebalancePlanned.schema, plan), checks: [], steps: [], trade: null };
}

/** Reads a stored record. Throws when it is not one: then nothing may be built on it. */
export function readRecord(body: unknown): PlanRecord {
  return planRecord.parse(body);
}

/** The plan inside a record. */
export function planOf(record: PlanRecord): Plan {
  return rebalancePlanned.schema.parse(record.plan);
}

/** The closing event inside a record; null while the plan is open. */
export function tradeOf(record: PlanRecord): TradeExecuted | null {
  return record.status === 'done' ? tradeExecuted.schema.parse(record.trade) : null;
}

export function withChecks(record: PlanRecord, checks: readonly Gate[]): PlanRecord {
  return { ...record, checks: [...checks] };
}

/** With one more step, signed and not yet sent. */
export function withIntent(record: PlanRecord, step: RecordedStep): PlanRecord {
  return { ...record, steps: [...record.steps, step] };
}

/** With one more signed form of a step, of the same nonce. */
export function withAttempt(record: PlanRecord, index: number, added: Attempt): PlanRecord {
  const steps = record.steps.map((step, at) =>
    at === index ? { ...step, attempts: [...step.attempts, added] } : step,
  );
  return { ...record, steps };
}

/** Nothing more is done for the plan until a person ends it. */
export function withHalt(record: PlanRecord, halted: NonNullable<PlanRecord['halted']>): PlanRecord {
  return { ...record, halted };
}

/** With the receipt of the last step. */
export function withReceipt(record: PlanRecord, confirmed: RecordedReceipt): PlanRecord {
  return withReceiptOf(record, record.steps.length - 1, confirmed);
}

/** With another receipt of one step, or none: what the chain showed once it may not show any more. */
export function withReceiptOf(record: PlanRecord, index: number, receipt: RecordedReceipt | null): PlanRecord {
  const steps = record.steps.map((step, at) => (at === index ? { ...step, receipt } : step));
  return { ...record, steps };
}

export function withTrade(record: PlanRecord, trade: TradeExecuted): PlanRecord {
  return { ...record, status: 'done', trade: z.encode(tradeExecuted.schema, trade) };
}

/** The step that was signed and has no receipt yet. */
export function pendingStep(record: PlanRecord): RecordedStep | null {
  const last = record.steps.at(-1);
  return last !== undefined && last.receipt === null ? last : null;
}

/** The step whose transaction reverted. A plan stops there. */
export function revertedStep(record: PlanRecord): RecordedStep | null {
  return record.steps.find((step) => step.receipt?.status === 'reverted') ?? null;
}

/** The step in whose place a cancellation was mined. A plan stops there. */
export function cancelledStep(record: PlanRecord): RecordedStep | null {
  return record.steps.find(isCancelled) ?? null;
}

/** Whether what the chain took for this step's nonce is its cancellation. */
export function isCancelled({ attempts, receipt: confirmed }: Pick<RecordedStep, 'attempts' | 'receipt'>): boolean {
  return confirmed !== null && attempts.some(({ hash, cancels }) => cancels === true && hash === confirmed.hash);
}

/** The signed form that stands last, which is the one to send. */
export function latestAttempt({ name, attempts }: Pick<RecordedStep, 'name' | 'attempts'>): Attempt {
  const latest = attempts.at(-1);
  if (latest === undefined) throw new Error(`step ${name} was recorded without a signed form`);
  return latest;
}

/** An approval, or its return: it moves nothing, and its bytes do the same whatever else happened. */
export function isApproval({ name }: Pick<RecordedStep, 'name'>): boolean {
  return name.startsWith('approve-') || name.startsWith('reset-');
}

/** What the successful steps did, from their own receipts. */
export function doneSteps(record: PlanRecord, sources: EventSources): DoneStep[] {
  return record.steps.flatMap((step) => {
    const { name, receipt: confirmed } = step;
    if (confirmed?.status !== 'success' || isCancelled(step)) return [];
    return [{ name, facts: factsOf(name, confirmed.logs, sources) }];
  });
}

/** What the gas of all confirmed steps cost, data fees included. */
export function gasSpentWei(record: PlanRecord): bigint {
  return record.steps.reduce((sum, { receipt: confirmed }) => {
    if (confirmed === null) return sum;
    return sum + BigInt(confirmed.gasUsed) * BigInt(confirmed.effectiveGasPriceWei) + BigInt(confirmed.l1FeeWei);
  }, 0n);
}
