import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { noteValue } from './value-history.ts';

const DAY_MS = 86_400_000;
const at = (atMs: number, valueUsdE6: number, position = 'main') => ({
  chain: 'base',
  pool: '0xpool',
  position,
  runId: `run-${atMs}`,
  atMs,
  valueUsdE6,
});

test('the highest value of the window is told, of each position for itself and not of before a resume', async () => {
  expect(await noteValue(redis, at(1_000, 500), DAY_MS, 0)).toBe(500);
  expect(await noteValue(redis, at(2_000, 900), DAY_MS, 0)).toBe(900);
  expect(await noteValue(redis, at(3_000, 700), DAY_MS, 0)).toBe(900);
  expect(await noteValue(redis, at(3_000, 700), DAY_MS, 0)).toBe(900);
  expect(await noteValue(redis, at(3_000, 100, 'other'), DAY_MS, 0)).toBe(100);
  expect(await noteValue(redis, at(4_000, 600), DAY_MS, 2_500)).toBe(700);
  expect(await noteValue(redis, at(2_001 + DAY_MS, 400), DAY_MS, 0)).toBe(700);
});
