import { encodeApproval } from '@rangeward/adapter-evm/encode-approval';
import { appendMarker } from '@rangeward/adapter-evm/encode-marker';
import type { SentTransaction } from '@rangeward/adapter-evm/sent-transactions';
import type { Address, Hex } from 'viem';
import { expect, test } from 'vitest';
import { samplePlan, sampleWallet } from '../test/sample-plan.ts';
import { withChain } from './adopt-plan.ts';
import { isCancelled, newRecord, revertedStep } from './plan-record.ts';
import { tokenOf } from './plan-steps.ts';
import { rebuildRecord } from './rebuild-record.ts';
import { type StepName, stepNumbers } from './step-facts.ts';

const plan = samplePlan();
const site = {
  positionManager: `0x${'a1'.repeat(20)}`,
  swapRouter: `0x${'b2'.repeat(20)}`,
  routerKind: 'swap-router',
  wallet: sampleWallet,
} as const;
const stranger: Address = `0x${'c3'.repeat(20)}`;

type Parts = { readonly to: Address; readonly data: Hex; readonly reverted?: boolean };

function sent(nonce: number, { to, data, reverted = false }: Parts): SentTransaction {
  const hash: Hex = `0x${nonce.toString(16).padStart(64, '0')}`;
  const receipt = {
    ...{ hash, block: nonce, blockHash: hash, gasUsed: '1', effectiveGasPriceWei: '1', l1FeeWei: '0', logs: [] },
    status: reverted ? ('reverted' as const) : ('success' as const),
  };
  return { hash, raw: '0x02', nonce, to, data, valueWei: 0n, receipt };
}
const marked = (step: StepName, planId = plan.planId): Parts => ({
  to: step === 'swap' ? site.swapRouter : site.positionManager,
  data: appendMarker('0x12345678', { planId, step: stepNumbers[step] }),
});
const approval = (index: 0 | 1, spender: Address, amount: bigint): Parts => ({
  to: tokenOf(plan, index),
  data: encodeApproval(spender, amount),
});
const cancel: Parts = { to: sampleWallet, data: '0x' };

function rebuilt(...parts: Parts[]) {
  const answer = rebuildRecord({ plan, site, sent: parts.map((part, index) => sent(10 + index, part)) });
  return answer && { ...answer, names: answer.record.steps.map(({ name }) => name) };
}

test('marked calls and the approvals between and behind them are the steps, by nonce', () => {
  const all = rebuilt(
    marked('withdraw'),
    approval(0, site.positionManager, 5n),
    approval(1, site.positionManager, 5n),
    approval(1, site.swapRouter, 5n),
    marked('swap'),
    marked('mint'),
    approval(1, site.swapRouter, 0n),
    approval(0, site.positionManager, 0n),
  );
  expect(all?.names).toEqual([
    ...['withdraw', 'approve-manager-token0', 'approve-manager-token1', 'approve-router', 'swap', 'mint'],
    ...['reset-router', 'reset-manager-token0'],
  ]);
  expect(all?.nextNonce).toBe(18);
  expect(all?.record).toMatchObject({ status: 'open', trade: null });
  expect(all?.record.steps.map(({ nonce }) => nonce)).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
});

test('without a marked call nothing was done, whatever else the wallet sent', () => {
  expect(rebuilt()).toBeNull();
  expect(rebuilt(cancel, approval(0, site.positionManager, 5n), { to: stranger, data: '0x1234' })).toBeNull();
  expect(rebuilt(marked('withdraw', 'f'.repeat(64)))).toBeNull();
});

test('what came before the plan is none of it, and what a stranger sent ends it', () => {
  const answer = rebuilt(
    approval(0, site.positionManager, 9n),
    { to: stranger, data: '0x1234' },
    marked('withdraw'),
    approval(0, site.positionManager, 5n),
    { to: stranger, data: '0x1234' },
    marked('mint'),
  );
  expect(answer?.names).toEqual(['withdraw', 'approve-manager-token0']);
  expect(answer?.nextNonce).toBe(14);
});

test.each([
  ['an approval of somebody else', approval(0, stranger, 5n)],
  ['the same approval again', approval(0, site.positionManager, 6n)],
  ['another plan’s call', marked('mint', 'f'.repeat(64))],
  ['a call that only looks marked', { to: stranger, data: marked('mint').data }],
  ['calldata to the wallet itself', { to: sampleWallet, data: '0x00' } satisfies Parts],
  ['a transfer of the token', { to: tokenOf(plan, 0), data: '0xa9059cbb' } satisfies Parts],
])('%s is no step of the plan', (_, part) => {
  const answer = rebuilt(marked('withdraw'), approval(0, site.positionManager, 5n), part);
  expect(answer?.names).toEqual(['withdraw', 'approve-manager-token0']);
  expect(answer?.nextNonce).toBe(12);
});

test('a cancellation stands for the step that was next, and a revert is known as one', () => {
  const cancelled = rebuilt(marked('withdraw'), cancel);
  expect(cancelled?.names).toEqual(['withdraw', 'approve-manager-token0']);
  expect(cancelled?.record.steps.map(isCancelled)).toEqual([false, true]);
  const reverted = rebuilt({ ...marked('withdraw'), reverted: true });
  expect(reverted && revertedStep(reverted.record)?.name).toBe('withdraw');
});

test('a record that stands takes over what only the chain knows, and nothing where it knows it all', () => {
  const chain = rebuilt(marked('withdraw'), approval(0, site.positionManager, 5n), marked('mint'));
  if (!chain) throw new Error('the chain shows steps');
  const [first, second] = chain.record.steps;
  if (!first || !second) throw new Error('there are steps');
  const bumped = { ...second, attempts: [{ raw: '0x01' as Hex, hash: `0x${'ee'.repeat(32)}` as Hex }], receipt: null };
  const old = { ...newRecord(plan), steps: [{ ...first, sqrtPriceX96: '77' }, bumped] };
  const joined = withChain(old, chain.record);
  expect(joined.steps.map(({ name, receipt }) => [name, receipt !== null])).toEqual([
    ['withdraw', true],
    ['approve-manager-token0', true],
    ['mint', true],
  ]);
  expect(joined.steps[0]?.sqrtPriceX96).toBe('77');
  expect(joined.steps[1]?.attempts).toHaveLength(2);
  expect(withChain(joined, chain.record)).toBe(joined);
  const pending = { ...second, name: 'swap' as const, nonce: 13, attempts: bumped.attempts, receipt: null };
  const ahead = { ...joined, steps: [...joined.steps, pending] };
  expect(withChain(ahead, chain.record)).toBe(ahead);
  const closed = { ...old, status: 'done' as const };
  expect(withChain(closed, chain.record)).toBe(closed);
});
