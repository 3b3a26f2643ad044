import type { ChainReader } from '@rangeward/adapter-evm/client';
import type { Broker } from '@rangeward/adapter-nats/broker';
import { DLQ_HEADER } from '@rangeward/adapter-nats/dead-letter';
import { readEventsSince, readStream } from '@rangeward/adapter-nats/read-stream';
import { type ReservationBooks, readBudget, readReservation } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { createPlanRecords } from '@rangeward/adapter-redis/plan-records';
import { readProposal } from '@rangeward/adapter-redis/proposals';
import {
  errorNotification,
  type Plan,
  rebalancePlanned,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { isHex } from 'viem';
import { z } from 'zod';
import type { BudgetEvidence, Evidence, PlanEvidence, RecordEvidence } from './evidence.ts';
import { readWallet } from './read-wallet.ts';

/** Where it is looked. Nothing is written anywhere. */
export type Sources = {
  readonly broker: Broker;
  readonly redis: Redis;
  /** By the chain's configured name. */
  readonly chains: ReadonlyMap<string, ChainReader>;
};

const DAY_MS = 86_400_000;
const BUDGETS = ['gas-usd-e6', 'rebalances', 'notional-usd-e6'] as const;
/** So many of the newest error notifications are looked at. */
const SEVERAL_MINUTES_MS = 900_000;

/** Everything that the invariants are held against, of the live plans since a moment (milliseconds since 1970). */
export async function readEvidence(
  sources: Sources,
  { sinceMs, nowMs }: { sinceMs: number; nowMs: number },
): Promise<Evidence> {
  const { broker } = sources;
  const [planned, traded, letters, errors] = await Promise.all([
    readEventsSince(broker, rebalancePlanned, sinceMs),
    readEventsSince(broker, tradeExecuted, sinceMs),
    deadLetters(broker, sinceMs),
    readErrors(broker, nowMs),
  ]);
  const trades = Map.groupBy(traded, ({ data }) => data.planId);
  const live = planned.filter(({ data }) => data.run.mode === 'live');
  const plans = await Promise.all(
    live.map(async ({ data: plan, envelope }) =>
      planEvidence(sources, plan, {
        trades: (trades.get(plan.planId) ?? []).map(({ data }) => data),
        deadLetters: letters.get(envelope.id) ?? 0,
        nowMs,
      }),
    ),
  );
  const budgets = await budgetsOf(
    sources.redis,
    plans.flatMap(({ books }) => books ?? []),
    nowMs,
  );
  const evidence = plans.map(({ books: _, ...plan }) => plan);
  return { nowMs, sinceMs, plans: evidence, wallets: await walletsOf(sources, evidence), budgets, errors };
}

type Known = { readonly trades: readonly TradeExecuted[]; readonly deadLetters: number; readonly nowMs: number };

async function planEvidence(
  { redis }: Sources,
  plan: Plan,
  { nowMs, ...known }: Known,
): Promise<PlanEvidence & { books: ReservationBooks | null }> {
  const [record, books, proposal] = await Promise.all([
    readRecord(redis, plan),
    readReservation(redis, plan.reservationId, { nowMs, windowMs: DAY_MS }),
    readProposal(redis, plan.planId),
  ]);
  const gas = (of: Readonly<Record<string, number>> | undefined) => of?.['gas-usd-e6'] ?? null;
  const committed = books?.state === 'committed';
  return {
    ...{ plan, ...known, record, books },
    proposed: proposal !== null,
    gasHeldUsdE6: gas(books?.held),
    gasSpentUsdE6: committed ? gas(books?.spent) : null,
  };
}

const hex = z.custom<`0x${string}`>((value) => isHex(value));
/** Of the executor's own record only what is judged: it may hold more. */
const recordShape = z.object({
  status: z.enum(['open', 'done']),
  halted: z.unknown().optional(),
  steps: z.array(
    z.object({
      name: z.string(),
      nonce: z.int(),
      attempts: z.array(z.object({ hash: hex })),
      receipt: z.unknown(),
    }),
  ),
});

async function readRecord(redis: Redis, plan: Plan): Promise<RecordEvidence | null> {
  const records = createPlanRecords(redis, { chainId: plan.chainId, wallet: plan.position.owner });
  const stored = await records.read(plan.planId);
  if (stored === null) return null;
  const { status, halted, steps } = recordShape.parse(stored.body);
  return {
    status,
    halted: halted !== undefined,
    steps: steps.map(({ name, nonce, attempts, receipt }) => ({
      ...{ name, nonce, settled: receipt !== null },
      hashes: attempts.map(({ hash }) => hash),
    })),
  };
}

/** How many dead letters there are of each message, by its id. */
async function deadLetters(broker: Broker, sinceMs: number): Promise<ReadonlyMap<string, number>> {
  const letters = new Map<string, number>();
  const subjects = 'lp.v1.dlq.LP_PLANS.>';
  for await (const { headers } of readStream(broker, 'LP_DLQ', { subjects, sinceMs })) {
    const id = headers[`${DLQ_HEADER}Event-Id`] ?? headers['ce-id'] ?? '';
    letters.set(id, (letters.get(id) ?? 0) + 1);
  }
  return letters;
}

async function readErrors(broker: Broker, nowMs: number): Promise<Evidence['errors']> {
  const subjects = 'lp.v1.error-notification.alerts';
  const own = await Array.fromAsync(readStream(broker, 'LP_ERRORS', { subjects, sinceMs: 0 }));
  const newest = await readEventsSince(broker, errorNotification, nowMs - SEVERAL_MINUTES_MS);
  return { saidByAlerts: own.length, mostHops: newest.reduce((most, { data }) => Math.max(most, data.hop), 0) };
}

/** Each budget that a plan drew on, at the moment, under the highest limit that any of them was reserved under. */
async function budgetsOf(redis: Redis, books: readonly ReservationBooks[], nowMs: number): Promise<BudgetEvidence[]> {
  const limits = new Map<string, { budget: string; scope: string; limit: number }>();
  for (const { budget, scope, limit } of books.flatMap(({ lines }) => lines)) {
    if (limit === null || !BUDGETS.some((known) => known === budget)) continue;
    const key = `${budget}:${scope}`;
    limits.set(key, { budget, scope, limit: Math.max(limit, limits.get(key)?.limit ?? 0) });
  }
  return Promise.all(
    [...limits.values()].map(async ({ budget, scope, limit }) => {
      const { used, reserved } = await readBudget(redis, { budget, scope, nowMs, windowMs: DAY_MS });
      return { budget, scope, limit, drawn: used + reserved };
    }),
  );
}

async function walletsOf({ chains, redis }: Sources, plans: readonly PlanEvidence[]): Promise<Evidence['wallets']> {
  const own = Map.groupBy(plans, ({ plan }) => `${plan.run.chain}:${plan.position.owner}`);
  const read = await Promise.all(
    [...own.values()].map(async (of) => {
      const [first] = of;
      const chain = first === undefined ? undefined : chains.get(first.plan.run.chain);
      return chain === undefined ? [] : [await readWallet(chain, redis, of)];
    }),
  );
  return read.flat();
}
