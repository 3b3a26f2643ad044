import { describe, expect, test } from 'vitest';
import { fuzzCalldata, lawfulTransactions, ruleSets } from '../test/fuzz-calldata.ts';
import { outsidePolicy } from '../test/read-policy-again.ts';
import { checkTransaction } from './signer-policy.ts';

/** `node scripts/fuzz.ts` does the same a million times. */
describe('mutated transactions at the signer', () => {
  test('nothing is signed that a second reading of the policy refuses', () => {
    const tally = fuzzCalldata(20_000, 11);
    expect(tally.failures).toEqual([]);
    expect(tally.allowed + tally.refused).toBe(20_000);
    // Some changes leave a transaction lawful, so that the second reading is asked at all.
    expect(tally.allowed).toBeGreaterThan(500);
    expect(tally.refused).toBeGreaterThan(10_000);
  });

  test.each(ruleSets)('both readings allow what is lawful, by $routerKind', (rules) => {
    for (const transaction of lawfulTransactions(rules)) {
      expect(checkTransaction(transaction, rules)).toEqual({ kind: 'allowed' });
      expect(outsidePolicy(transaction, rules)).toBeNull();
    }
  });

  test('the second reading refuses on its own what the policy refuses', () => {
    const [rules] = ruleSets;
    if (rules === undefined) throw new Error('there are rules');
    const reasons = lawfulTransactions(rules).map((transaction) =>
      outsidePolicy(
        { ...transaction, data: `${transaction.data.slice(0, 10)}${'00'.repeat(256)}` as `0x${string}` },
        rules,
      ),
    );
    expect(reasons.every((reason) => reason !== null)).toBe(true);
  });
});
