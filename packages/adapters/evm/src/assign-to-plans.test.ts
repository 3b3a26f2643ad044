import type { Address, Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { assignToPlans } from './assign-to-plans.ts';
import type { MinedTransaction } from './line-transactions.ts';

const wallet: Address = '0x1111111111111111111111111111111111111111';
const stranger: Address = '0x2222222222222222222222222222222222222222';
const token: Address = '0x3333333333333333333333333333333333333333';
const manager: Address = '0x4444444444444444444444444444444444444444';

function sent(nonce: number, change: Partial<MinedTransaction>): MinedTransaction {
  const hash: Hex = `0x${nonce.toString(16).padStart(64, '0')}`;
  const rest = { to: manager, block: nonce, index: 0, succeeded: true, feeWei: 1n, marker: null, logs: [] };
  return { hash, from: wallet, nonce, ...rest, ...change };
}
const call = (nonce: number, planId: string) => sent(nonce, { marker: { planId, step: 0 } });
const approval = (nonce: number, value: bigint) => {
  const data: Hex = `0x${value.toString(16).padStart(64, '0')}`;
  const log = { address: token, topics: [], data, logIndex: 0, txHash: '0x00' } as const;
  return sent(nonce, { to: token, logs: [log] });
};
const plansOf = (transactions: MinedTransaction[]) => {
  const plans = assignToPlans(transactions, { wallet, tokens: [token] });
  return transactions.map(({ hash }) => plans.get(hash));
};

describe('assignToPlans', () => {
  it('gives approvals within a plan, and those that take a permission away behind it, to the plan', () => {
    const row = [call(5, 'a'), approval(6, 9n), approval(7, 9n), call(8, 'a'), approval(9, 0n), call(10, 'b')];
    expect(plansOf(row)).toEqual(['a', 'a', 'a', 'a', 'a', 'b']);
    expect(plansOf(row.toReversed())).toEqual(['b', 'a', 'a', 'a', 'a', 'a']);
  });

  it('leaves out a person’s own: permissions given behind a plan or before any, and what another call parts from it', () => {
    expect(plansOf([approval(4, 0n), call(5, 'a'), approval(6, 9n), call(7, 'b')])).toEqual([
      undefined,
      'a',
      undefined,
      'b',
    ]);
    expect(plansOf([call(5, 'a'), sent(6, {}), approval(7, 0n)])).toEqual(['a', undefined, undefined]);
    expect(plansOf([call(5, 'a'), approval(7, 0n)])).toEqual(['a', undefined]);
  });

  it('believes no marker of anybody else', () => {
    expect(plansOf([{ ...call(5, 'a'), from: stranger }])).toEqual([undefined]);
  });
});
