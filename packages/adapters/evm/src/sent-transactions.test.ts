import { expect, test } from 'vitest';
import { inWholeOrder } from './sent-transactions.ts';

const nonces = (...values: number[]) => values.map((nonce) => ({ nonce }));

test('by nonce, whatever the order of the blocks said', () => {
  expect(inWholeOrder(nonces(6, 5, 7), 8)).toEqual(nonces(5, 6, 7));
  expect(inWholeOrder([], 8)).toEqual([]);
  // One more was mined while the blocks were read.
  expect(inWholeOrder(nonces(6, 7, 8), 8)).toEqual(nonces(6, 7, 8));
});

test.each([
  ['one between is missing', nonces(5, 7), 8],
  ['the last one is missing', nonces(5, 6), 8],
  ['one is there twice', nonces(5, 5), 6],
])('nothing is built on it when %s', (_, sent, next) => {
  expect(() => inWholeOrder(sent, next)).toThrow(/shows transactions/);
});
