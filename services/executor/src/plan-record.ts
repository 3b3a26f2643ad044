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

const attempt = z.object({ raw: hex, hash: hex });

const recordedStep = z.object({
  name: z.custom<StepName>((value) => typeof value === 'string' && value in stepNumbers, 'expected a step’s name'),
  nonce: z.int().nonnegative(),
  /** The pool's price when the step was made. */
  sqrtPriceX96: decimal,
  /** Signed forms of the same step, all with the same nonce. */
  attempts: z.array(attempt).min(1),
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

/** What the successful steps did, from their own receipts. */
export function doneSteps(record: PlanRecord, sources: EventSources): DoneStep[] {
  return record.steps.flatMap(({ name, receipt: confirmed }) =>
    confirmed?.status === 'success' ? [{ name, facts: factsOf(name, confirmed.logs, sources) }] : [],
  );
}

/** What the gas of all confirmed steps cost, data fees included. */
export function gasSpentWei(record: PlanRecord): bigint {
  return record.steps.reduce((sum, { receipt: confirmed }) => {
    if (confirmed === null) return sum;
    return sum + BigInt(confirmed.gasUsed) * BigInt(confirmed.effectiveGasPriceWei) + BigInt(confirmed.l1FeeWei);
  }, 0n);
}
