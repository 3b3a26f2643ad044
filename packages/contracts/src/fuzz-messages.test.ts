import { describe, expect, test } from 'vitest';
import { fuzzEvent } from '../test/fuzz-messages.ts';
import { catalogue, decodeEvent, definitionNamed, unwrapTrigger } from './index.ts';

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

  // The long fuzz found these: zod compares a length before it knows whose it is.
  test.each([
    ['trigger.scheduled', { job: { length: { toString: null } }, slot: '2029-03-15T19:16:48.585Z' }, 'bad-event'],
    ['trigger.manual', { requestedBy: { length: { toString: null } } }, 'bad-trigger'],
  ])('of %s with a length that is no number are refused', (name, change, code) => {
    const subject = `lp.v1.${name}.base.0x${'b'.repeat(40)}`;
    const body = new TextEncoder().encode(JSON.stringify({ chain: 'base', pool: `0x${'b'.repeat(40)}`, ...change }));
    const definition = definitionNamed(name);
    if (definition === undefined) throw new Error(`${name} is not in the catalogue`);
    const read = () =>
      name === 'trigger.manual'
        ? unwrapTrigger({ subject, headers: {}, body })
        : decodeEvent(definition, { subject, headers: {}, body });
    expect(read).toThrow(expect.objectContaining({ name: 'Rejection', code }));
  });

  test('are the same for the same seed', () => {
    const [definition] = catalogue;
    expect(fuzzEvent(definition, 200, 3)).toEqual(fuzzEvent(definition, 200, 3));
  });
});
