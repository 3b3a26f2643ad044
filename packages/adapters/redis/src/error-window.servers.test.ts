import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { countErrors } from './error-window.ts';

const START = 1_770_000_000_000;
const at = (offsetMs: number, added: number) =>
  countErrors(redis, { nowMs: START + offsetMs, windowMs: 60_000, added });

test('errors count while they are in the window and no longer', async () => {
  expect(await at(0, 0)).toEqual({ errors: 0, lastErrorMs: null });
  expect(await at(0, 1)).toEqual({ errors: 1, lastErrorMs: START });
  expect(await at(30_000, 2)).toEqual({ errors: 3, lastErrorMs: START + 30_000 });
  expect((await at(60_000, 0)).errors).toBe(3);
  expect((await at(61_000, 0)).errors).toBe(2);
  expect(await at(95_000, 0)).toEqual({ errors: 0, lastErrorMs: START + 30_000 });
});

test('none is lost when many come at once, and they take little room', async () => {
  await Promise.all(Array.from({ length: 2000 }, (_, index) => at(index * 10, 1)));
  expect((await at(20_000, 0)).errors).toBe(2000);
  expect(await redis.hlen('lp:error-window')).toBe(21);
});
