import { describe, expect, test } from 'vitest';
import { replacementFees } from './replacement-fees.ts';

const fees = (maxFeePerGasWei: bigint, maxPriorityFeePerGasWei: bigint) => ({
  maxFeePerGasWei,
  maxPriorityFeePerGasWei,
});
const far = fees(10n ** 30n, 10n ** 30n);

describe('the fees of a replacement', () => {
  test('are both 15 % more, rounded up, where the chain asks less', () => {
    const asked = { last: fees(1_001n, 101n), most: far, baseFeeWei: 10n, priorityFeeWei: 1n };
    expect(replacementFees(asked)).toEqual(fees(1_152n, 117n));
  });

  test('are what the chain asks now where that is more', () => {
    const asked = { last: fees(1_000n, 100n), most: far, baseFeeWei: 2_000n, priorityFeeWei: 300n };
    expect(replacementFees(asked)).toEqual(fees(4_300n, 300n));
  });

  test('stay under the most that is allowed, the tip under the whole fee', () => {
    const asked = { last: fees(1_000n, 900n), most: fees(1_200n, 5_000n), baseFeeWei: 900n, priorityFeeWei: 3_000n };
    expect(replacementFees(asked)).toEqual(fees(1_200n, 1_200n));
  });

  test.each([
    ['the fee', fees(1_149n, 5_000n), 10n],
    ['the tip', fees(5_000n, 114n), 10n],
    // 1,012.5 is the most that the next block may ask.
    ['the base fee', fees(5_000n, 5_000n), 4_445n],
  ])('are none when %s cannot go so far', (_, most, baseFeeWei) => {
    expect(replacementFees({ last: fees(1_000n, 100n), most, baseFeeWei, priorityFeeWei: 1n })).toBeNull();
  });

  test('satisfy geth at every height, however often', () => {
    let last = fees(7n, 3n);
    for (let again = 0; again < 60; again++) {
      const next = replacementFees({ last, most: far, baseFeeWei: 0n, priorityFeeWei: 0n })!;
      expect(next.maxFeePerGasWei * 100n).toBeGreaterThanOrEqual(last.maxFeePerGasWei * 110n);
      expect(next.maxPriorityFeePerGasWei * 100n).toBeGreaterThanOrEqual(last.maxPriorityFeePerGasWei * 110n);
      last = next;
    }
  });
});
