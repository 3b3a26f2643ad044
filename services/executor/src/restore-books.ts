import type { JournalEntry } from '@rangeward/adapter-nats/plan-journal';
import { GAS_BUDGET, NOTIONAL_BUDGET, REBALANCES_BUDGET } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import type { PositionRef } from '@rangeward/adapter-redis/position-registry';
import { restoreBudget } from '@rangeward/adapter-redis/restore-budget';
import { type KnownHistory, type RestoreAnswer, restorePosition } from '@rangeward/adapter-redis/restore-position';
import type { Plan } from '@rangeward/contracts';
import { capsReservation, capsScope, notionalOf } from './wallet-caps.ts';

/** What was lost of a position, and whether the registry took it. */
export type RestoredPosition = { readonly ref: PositionRef; readonly answer: RestoreAnswer };

/** Budgets look back over a day; one more, because their window ends where it is asked. */
const DRAWN_MS = 2 * 86_400_000;

/**
 * Writes into registry and budgets what the broker's journal of plans says and Redis has lost. What Redis knows stays, so
 * that this may be repeated at every start.
 */
export async function restoreBooks(
  redis: Redis,
  journal: readonly JournalEntry[],
  nowMs: number,
): Promise<RestoredPosition[]> {
  for (const entry of journal) await restoreDrawn(redis, entry, nowMs);
  const restored: RestoredPosition[] = [];
  for (const [ref, known] of historiesOf(journal)) {
    restored.push({ ref, answer: await restorePosition(redis, ref, known) });
  }
  return restored;
}

/** What each plan drew, on decision's limits and on the wallet's own: what it really cost once that is known, and all that was reserved for it until then. */
async function restoreDrawn(redis: Redis, { plan, trade, tradedAtMs }: JournalEntry, nowMs: number): Promise<void> {
  const atMs = tradedAtMs ?? Date.parse(plan.issuedAt);
  if (nowMs - atMs > DRAWN_MS || plan.run.mode !== 'live' || trade?.mode === 'paper') return;
  const gasUsdE6 = trade === null ? plan.limits.maxGasUsdE6 : trade.gasUsdE6;
  // Without gas nothing was done, and the reservation was given back.
  if (gasUsdE6 === 0) return;
  const amounts = [{ budget: GAS_BUDGET, amount: gasUsdE6 }];
  if (plan.kind !== 'collect') amounts.push({ budget: NOTIONAL_BUDGET, amount: notionalOf(plan) });
  if (plan.kind === 'rebalance') amounts.push({ budget: REBALANCES_BUDGET, amount: 1 });
  const state = trade === null ? 'reserved' : 'committed';
  const books = [
    { reservationId: plan.reservationId, scope: plan.run.mode },
    { reservationId: capsReservation(plan), scope: capsScope({ chainId: plan.chainId, wallet: plan.position.owner }) },
  ];
  for (const { reservationId, scope } of books) {
    await restoreBudget(redis, { reservationId, state, atMs, lines: amounts.map((line) => ({ ...line, scope })) });
  }
}

/** The line of NFTs of each position as its plans tell it, and what each of them left in the wallet. */
export function historiesOf(journal: readonly JournalEntry[]): [PositionRef, KnownHistory][] {
  const histories = new Map<string, [PositionRef, KnownHistory]>();
  for (const { plan, trade } of journal) {
    if (plan.run.mode !== 'live' || trade === null || trade.mode !== 'live') continue;
    const ref = { chain: plan.run.chain, pool: plan.run.pool, id: plan.position.id };
    const key = `${ref.pool} ${ref.id}`;
    const known = histories.get(key)?.[1] ?? { lineage: [], entry: null, left: new Map(), restingPlan: null };
    histories.set(key, [ref, withTrade(known, plan, trade)]);
  }
  return [...histories.values()];
}

function withTrade(known: KnownHistory, plan: Plan, trade: NonNullable<JournalEntry['trade']>): KnownHistory {
  const { planId, position, market } = plan;
  const entry = known.entry ?? market.position.entry;
  // A plan for which nothing was done may have been refused because it named the wrong NFT.
  if (trade.leftover === null) {
    return { ...known, lineage: known.lineage.length === 0 ? [position.tokenId] : known.lineage, entry };
  }
  const lineage = known.lineage.includes(position.tokenId) ? known.lineage : [...known.lineage, position.tokenId];
  const left = new Map([...known.left, [planId, trade.leftover] as const]);
  const after = trade.tokenIdAfter;
  if (after === null) return { lineage, entry, left, restingPlan: planId };
  return { lineage: lineage.includes(after) ? lineage : [...lineage, after], entry, left, restingPlan: null };
}
