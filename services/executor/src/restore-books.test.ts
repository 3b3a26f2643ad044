import type { JournalEntry } from '@rangeward/adapter-nats/plan-journal';
import type { TradeExecuted } from '@rangeward/contracts';
import { expect, test } from 'vitest';
import { samplePlan } from '../test/sample-plan.ts';
import { historiesOf } from './restore-books.ts';
import { summariseTrade } from './summarise-trade.ts';

const entry = { amount0: 3n, amount1: 4n };

/** A plan for an NFT, and what it came to; `left` null where nothing was done. */
function told(
  from: bigint,
  after: bigint | null,
  left: bigint | null,
  change: Partial<TradeExecuted> = {},
): JournalEntry {
  const plan = samplePlan({
    change: (made) => ({
      ...made,
      reservationId: `from ${from} to ${after}, ${left} left`,
      position: { ...made.position, tokenId: from },
      market: { ...made.market, position: { ...made.market.position, entry } },
    }),
  });
  const refused = summariseTrade({
    ...{ plan, mode: 'live' as const, outcome: 'refused' as const, reason: '', checks: [], done: [], transactions: [] },
    ...{ gasWei: 0n, priceBeforeSwapX96: null, priceAfterX96: plan.market.pool.sqrtPriceX96 },
  });
  const leftover = left === null ? null : { amount0: left, amount1: 0n };
  const trade = { ...refused, tokenIdAfter: after, leftover, ...change };
  return { plan, undelivered: false, trade, tradedAtMs: 1 };
}

const history = (...journal: JournalEntry[]) => historiesOf(journal)[0]?.[1];

test('each plan that did something leads on from NFT to NFT, with the entry of the first', () => {
  const known = history(told(1n, 2n, 5n), told(2n, 2n, 6n), told(2n, 3n, 0n));
  expect(known).toMatchObject({ lineage: [1n, 2n, 3n], entry, restingPlan: null });
  expect([...(known?.left.values() ?? [])].map(({ amount0 }) => amount0)).toEqual([5n, 6n, 0n]);
});

test('a plan that stopped between leaves everything resting, until an NFT comes after it', () => {
  const stopped = told(1n, null, 5n);
  expect(history(stopped)).toMatchObject({ lineage: [1n], restingPlan: stopped.plan.planId });
  expect(history(stopped, told(1n, 2n, 0n))).toMatchObject({ lineage: [1n, 2n], restingPlan: null });
});

test('what was refused, simulated or not told says nothing of the line', () => {
  expect(history(told(1n, 2n, 0n), told(9n, 9n, null))).toMatchObject({ lineage: [1n, 2n] });
  expect(history({ ...told(1n, 2n, 0n), trade: null })).toBeUndefined();
  expect(history(told(1n, 2n, 0n, { mode: 'paper' }))).toBeUndefined();
});
