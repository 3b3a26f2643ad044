import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { loadDecision, saveDecision } from './decisions.ts';

test('the first decision of a run stands, whoever comes later', async () => {
  expect(await loadDecision(redis, 'r1')).toBeNull();
  expect(await saveDecision(redis, 'r1', 'hold')).toBe('hold');
  expect(await saveDecision(redis, 'r1', 'rebalance')).toBe('hold');
  expect(await loadDecision(redis, 'r1')).toBe('hold');
  expect(await loadDecision(redis, 'r2')).toBeNull();
});

test('of many at once all get the same one', async () => {
  const saved = await Promise.all(Array.from({ length: 20 }, (_, index) => saveDecision(redis, 'r1', `${index}`)));
  expect(new Set(saved).size).toBe(1);
});

test('a decision is kept for eight days and no longer', async () => {
  await saveDecision(redis, 'r1', 'hold');
  expect(await redis.ttl('lp:decision:r1')).toBeGreaterThan(8 * 86_400 - 10);
});
