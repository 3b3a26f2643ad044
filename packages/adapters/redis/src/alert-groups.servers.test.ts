import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { hitGroup } from './alert-groups.ts';

const hit = (nowMs: number, rank = 1, group = 'a') => hitGroup(redis, group, { nowMs, repeatMs: 1_000_000, rank });

test('the first is told, the rest counted, and told when the period is over', async () => {
  expect(await hit(5)).toEqual({ notify: true, count: 1 });
  expect(await hit(6)).toEqual({ notify: false, count: 1 });
  expect(await hit(1_000_004)).toEqual({ notify: false, count: 2 });
  expect(await hit(1_000_005)).toEqual({ notify: true, count: 3 });
  expect(await hit(1_000_006)).toEqual({ notify: false, count: 1 });
});

test('what got worse is told at once, what got better is not', async () => {
  expect((await hit(5, 1)).notify).toBe(true);
  expect(await hit(6, 2)).toEqual({ notify: true, count: 1 });
  expect((await hit(7, 2)).notify).toBe(false);
  expect((await hit(8, 1)).notify).toBe(false);
});

test('causes do not hide one another', async () => {
  await hit(5);
  expect((await hit(6, 1, 'b')).notify).toBe(true);
});

test('of a thousand at once one is told', async () => {
  const answers = await Promise.all(Array.from({ length: 1000 }, () => hit(5)));
  expect(answers.filter((answer) => answer.notify)).toEqual([{ notify: true, count: 1 }]);
  expect(Math.max(...answers.map((answer) => answer.count))).toBe(999);
});

test('a cause that is over is forgotten', async () => {
  await hit(5);
  const ttlMs = await redis.pttl('lp:alert-group:a');
  expect(ttlMs).toBeGreaterThan(1_900_000);
  expect(ttlMs).toBeLessThanOrEqual(2_000_000);
});
