import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { noteRunEnd } from './run-streaks.ts';

const note = (startedAtMs: number, failed: boolean, position = 'p') =>
  noteRunEnd(redis, position, { id: `run${startedAtMs}`, startedAtMs, failed });

test('failures in a row count until a run ends well', async () => {
  expect(await note(1, true)).toBe(1);
  expect(await note(2, true)).toBe(2);
  expect(await note(3, false)).toBe(0);
  expect(await note(4, true)).toBe(1);
  expect(await note(5, true, 'other')).toBe(1);
});

test('neither order nor repetition changes the count', async () => {
  await note(3, true);
  await note(1, false);
  expect(await note(2, true)).toBe(2);
  expect(await note(2, true)).toBe(2);
});

test('only the newest fifty are remembered', async () => {
  for (let run = 1; run <= 60; run++) await note(run, true);
  expect(await redis.zcard('lp:run-streak:p')).toBe(50);
});
