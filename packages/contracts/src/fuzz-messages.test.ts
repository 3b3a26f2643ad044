import { describe, expect, test } from 'vitest';
import { fuzzEvent } from '../test/fuzz-messages.ts';
import { catalogue } from './index.ts';

/** `node scripts/fuzz.ts` does the same a million times for each event. */
describe('spoiled messages', () => {
  test.each(catalogue.map((definition) => [definition.name, definition] as const))(
    'of %s are processed or refused with a reason, and nothing else happens',
    (_, definition) => {
      const tally = fuzzEvent(definition, 2_000, 7);
      expect(tally.failures).toEqual([]);
      const refused = [...tally.refused.values()].reduce((sum, count) => sum + count, 0);
      expect(tally.processed + refused).toBe(2_000);
      // Both happen, so that the messages are neither all broken nor all whole.
      expect(Math.min(tally.processed, refused)).toBeGreaterThan(50);
      expect({}).not.toHaveProperty('polluted');
    },
  );

  test('are the same for the same seed', () => {
    const [definition] = catalogue;
    expect(fuzzEvent(definition, 200, 3)).toEqual(fuzzEvent(definition, 200, 3));
  });
});
