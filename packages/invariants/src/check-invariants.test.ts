import { expect, test } from 'vitest';
import { evidence, NOW_MS, planEvidence, trade, wallet } from '../test/sample-evidence.ts';
import { checkInvariants } from './check-invariants.ts';
import type { Evidence, PlanEvidence, SentTransaction, WalletEvidence } from './evidence.ts';

const broken = (of: Evidence) =>
  checkInvariants(of).flatMap(({ id, violations }) => violations.map((text) => `${id}: ${text}`));
const withPlan = (change: Partial<PlanEvidence>): Evidence => ({
  ...evidence,
  plans: [{ ...planEvidence, ...change }],
});
const withTrade = (change: Partial<typeof trade>) => withPlan({ trades: [{ ...trade, ...change }] });
const withWallet = (change: Partial<WalletEvidence>): Evidence => ({
  ...evidence,
  wallets: [{ ...wallet, ...change }],
});
const record = planEvidence.record!;
const [withdraw, approve, swap, mint] = wallet.transactions as [
  SentTransaction,
  SentTransaction,
  SentTransaction,
  SentTransaction,
];
const sent = (...changed: SentTransaction[]) => withWallet({ transactions: changed });

test('a rebalance that went well breaks nothing, and every invariant is named', () => {
  expect(broken(evidence)).toEqual([]);
  expect(checkInvariants(evidence).map(({ id }) => id)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8']);
});

const wrong: [string, string, Evidence][] = [
  ['I1', 'minted twice', sent(withdraw, approve, swap, mint, { ...mint, hash: '0xee', nonce: 9 })],
  ['I1', 'confirmed without a mint', sent(withdraw, approve, swap, { ...mint, succeeded: false })],
  ['I2', 'one nonce for two steps', withPlan({ record: { ...record, steps: [...record.steps, record.steps[0]!] } })],
  ['I2', 'a nonce that nobody wrote down', withWallet({ nonce: 5 })],
  ['I3', 'two ends', withPlan({ trades: [trade, trade] })],
  ['I3', 'an end and an open record', withPlan({ record: { ...record, status: 'open' } })],
  ['I3', 'no end', withPlan({ trades: [], record: null })],
  [
    'I4',
    'more drawn than may be',
    { ...evidence, budgets: [{ budget: 'gas-usd-e6', scope: 'live', drawn: 6, limit: 5 }] },
  ],
  ['I4', 'still reserved', withPlan({ gasHeldUsdE6: 3 })],
  ['I4', 'booked as something else', withPlan({ gasSpentUsdE6: 11 })],
  ['I4', 'the chain took more than is told', withTrade({ gasWei: 3_999n })],
  ['I5', 'tokens made out of nothing', withTrade({ leftover: { amount0: 6n, amount1: 10n ** 17n } })],
  [
    'I5',
    'a swap far below its price',
    withTrade({
      swap: { zeroForOne: false, amountIn: 10n ** 18n, amountOut: 2_900_000_000n },
      minted: { amount0: 2_900_000_000n, amount1: 9n * 10n ** 17n },
    }),
  ],
  ['I6', 'a stranger’s contract', sent(withdraw, approve, { ...swap, to: `0x${'66'.repeat(20)}` }, mint)],
  ['I6', 'ether sent along', sent({ ...withdraw, valueWei: 1n }, approve, swap, mint)],
  ['I6', 'a token asked for a transfer', sent(withdraw, { ...approve, input: '0xa9059cbb' }, swap, mint)],
  ['I6', 'no marker', sent({ ...withdraw, marker: null }, approve, swap, mint)],
  ['I6', 'a burn', sent({ ...withdraw, input: '0x42966c68' }, approve, swap, mint)],
  ['I7', 'alerts made an error', { ...evidence, errors: { saidByAlerts: 1, mostHops: 0 } }],
  ['I7', 'an error of an error of an error', { ...evidence, errors: { saidByAlerts: 0, mostHops: 2 } }],
  [
    'I8',
    'an approval that stands',
    withWallet({ allowances: wallet.allowances.map((one) => ({ ...one, amount: 1n })) }),
  ],
];

test.each(wrong)('%s: %s', (id, _what, of) => {
  const found = broken(of);
  expect(found.length).toBeGreaterThan(0);
  expect(found.every((text) => text.startsWith(`${id}: `))).toBe(true);
});

const right: [string, Evidence][] = [
  ['a plan in hand', withPlan({ trades: [], record: { ...record, status: 'open' } })],
  ['a plan that waits for a person', withPlan({ trades: [], record: null, proposed: true })],
  ['a plan that became a dead letter', withPlan({ trades: [], record: null, deadLetters: 1 })],
  ['a plan that has just come', { ...withPlan({ trades: [], record: null }), nowMs: NOW_MS - 3_500_000 }],
  ['a cancelled step', sent(withdraw, approve, { ...swap, to: wallet.wallet, input: '0x', marker: null }, mint)],
  [
    'a stranger’s mint with our marker',
    sent(...wallet.transactions, { ...mint, hash: '0xee', from: `0x${'77'.repeat(20)}` }),
  ],
  [
    'an approval while a plan is in hand',
    {
      ...withWallet({ allowances: wallet.allowances.map((one) => ({ ...one, amount: 1n })) }),
      plans: [{ ...planEvidence, trades: [], record: { ...record, status: 'open' } }],
    },
  ],
];

test.each(right)('%s is nothing wrong', (_what, of) => {
  expect(broken(of)).toEqual([]);
});
