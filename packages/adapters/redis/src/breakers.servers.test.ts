import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { readBreaker, writeBreaker } from './breakers.ts';

const open = { state: 'open', sinceMs: 1_000, reason: '7 errors' } as const;
const halfOpen = { ...open, state: 'half-open' } as const;

test('nothing until somebody writes it, then as written, each name for itself', async () => {
  expect(await readBreaker(redis, 'errors')).toBeNull();
  expect(await writeBreaker(redis, 'errors', null, open)).toBe(true);
  expect(await readBreaker(redis, 'errors')).toEqual(open);
  expect(await readBreaker(redis, 'rpc')).toBeNull();
});

test('of many who step it at once one wins', async () => {
  const writes = await Promise.all(
    Array.from({ length: 50 }, (_, sinceMs) => writeBreaker(redis, 'errors', null, { ...open, sinceMs })),
  );
  expect(writes.filter(Boolean)).toHaveLength(1);
});

test('who builds on what no longer stands is refused', async () => {
  await writeBreaker(redis, 'errors', null, open);
  expect(await writeBreaker(redis, 'errors', open, halfOpen)).toBe(true);
  expect(await writeBreaker(redis, 'errors', open, { ...open, state: 'closed' })).toBe(false);
  expect(await writeBreaker(redis, 'errors', null, { ...open, state: 'closed' })).toBe(false);
  expect(await readBreaker(redis, 'errors')).toEqual(halfOpen);
});

test('what is stored and no breaker’s state is an error, never a closed breaker', async () => {
  await redis.set('lp:breaker:errors', '{"state":"ajar"}');
  await expect(readBreaker(redis, 'errors')).rejects.toThrow();
});
