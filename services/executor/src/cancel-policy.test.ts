import { expect, test } from 'vitest';
import { sampleWallet } from '../test/sample-plan.ts';
import { CANCEL_GAS, checkCancellation } from './cancel-policy.ts';

const rules = { chainId: 31337, wallet: sampleWallet, nonce: 7, maxGasCostWei: CANCEL_GAS * 10n } as const;
const cancellation = {
  chainId: 31337,
  nonce: 7,
  to: sampleWallet,
  data: '0x',
  gasLimit: CANCEL_GAS,
  maxFeePerGasWei: 10n,
  maxPriorityFeePerGasWei: 1n,
} as const;

test('a transaction that only uses up its nonce may be signed', () => {
  expect(checkCancellation(cancellation, rules)).toEqual({ kind: 'allowed' });
});

test.each([
  ['chain id', { chainId: 1 }],
  ['nonce', { nonce: 8 }],
  ['not the wallet', { to: `0x${'11'.repeat(20)}` as const }],
  ['calldata', { data: '0x00' as const }],
  ['gas', { gasLimit: CANCEL_GAS + 1n }],
  ['tip', { maxPriorityFeePerGasWei: 11n }],
  ['wei', { maxFeePerGasWei: 11n }],
])('anything else of its kind is refused: %s', (reason, change) => {
  const answer = checkCancellation({ ...cancellation, ...change }, rules);
  expect(answer).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) });
});
