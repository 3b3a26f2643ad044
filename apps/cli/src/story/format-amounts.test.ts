import { expect, test } from 'vitest';
import { duration, short, signedUsd, tokens, usd } from './format-amounts.ts';

test.each([
  [0, '0.0 s'],
  [1_249, '1.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [119_700, '2 min 0 s'],
  [150_000, '2 min 30 s'],
])('%i ms last %s', (ms, text) => expect(duration(ms)).toBe(text));

test('dollars keep cents, and four decimals below one', () => {
  expect([usd(1_234_567_890), usd(-5_000_000), usd(123_456), usd(0)]).toEqual([
    '$1,234.57',
    '-$5.00',
    '$0.1235',
    '$0.00',
  ]);
  expect([signedUsd(1_000_000), signedUsd(-1_000_000)]).toEqual(['+$1.00', '-$1.00']);
});

test('tokens are whole ones with their name; ids and hashes are cut to what commands take', () => {
  expect(tokens(1_500_000_000_000_000_000n, { decimals: 18, symbol: 'WETH' })).toBe('1.5000 WETH');
  expect(short('0198c0de0000700080000000000000aa')).toBe('0198c0de0000');
  expect(short(`0x${'ab'.repeat(32)}`)).toBe('0xabababab');
});
