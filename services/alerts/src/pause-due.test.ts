import { expect, test } from 'vitest';
import { pauseDue } from './pause-due.ts';

const run = { chain: 'base', position: 'main' };
const settings = { failuresInARow: 5, drawdownPercent: 20 };
const sight = { failures: 0, valueUsdE6: 1_000_000_000, highestUsdE6: 1_000_000_000 };

test.each([
  ['nothing is wrong', sight, null],
  ['four failures', { ...sight, failures: 4 }, null],
  ['five failures', { ...sight, failures: 5 }, 'failures'],
  ['a fall of exactly the limit', { ...sight, valueUsdE6: 800_000_000 }, null],
  ['a fall of more', { ...sight, valueUsdE6: 799_000_000 }, 'drawdown'],
  ['everything gone', { ...sight, valueUsdE6: 0 }, 'drawdown'],
  ['a value that is not known', { ...sight, valueUsdE6: null }, null],
  ['a position that never had a value', { ...sight, valueUsdE6: 0, highestUsdE6: 0 }, null],
])('%s', (_what, seen, through) => {
  expect(pauseDue(run, seen, settings)?.through ?? null).toBe(through);
});

test('the reason has the numbers', () => {
  expect(pauseDue(run, { ...sight, valueUsdE6: 700_000_000 }, settings)?.reason).toBe(
    'base/main fell by 30.0 % within a day, from 1000.00 to 700.00 USD',
  );
});
