import { expect, test } from 'vitest';
import { changesBetween, limitsOf } from './note-limits.ts';

test('limits are told by dotted name, what is not set left out', () => {
  expect(limitsOf({ mode: 'live', caps: { gas: 5, other: undefined }, list: ['a', 7n] })).toEqual({
    mode: 'live',
    'caps.gas': '5',
    'list.0': 'a',
    'list.1': '7',
  });
});

test('a change names what was and what is; no change names nothing', () => {
  expect(changesBetween({ a: '1', b: '2', gone: '3' }, { a: '1', b: '5', fresh: '6' })).toEqual({
    b: '2 -> 5',
    fresh: 'none -> 6',
    gone: '3 -> none',
  });
  expect(changesBetween({ a: '1' }, { a: '1' })).toEqual({});
  expect(changesBetween(null, { a: '1' })).toEqual({ a: 'none -> 1' });
});
