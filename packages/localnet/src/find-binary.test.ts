import { expect, it } from 'vitest';
import { isAtLeast } from './find-binary.ts';

it.each([
  ['2.9.10', false],
  ['2.10.0', true],
  ['2.15.1', true],
  ['3.0.0', true],
  ['1.99.0', false],
])('%s is at least 2.10: %s', (version, expected) => {
  expect(isAtLeast(version, 2, 10)).toBe(expected);
});
