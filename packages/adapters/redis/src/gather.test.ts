import { expect, test } from 'vitest';
import { gatherFor, gatherTurns } from './gather.ts';

function recorder() {
  const calls: number[][] = [];
  const double = async (asked: readonly number[]) => {
    calls.push([...asked]);
    return asked.map((value) => value * 2);
  };
  return { calls, double };
}

test('one turn is one call, each gets its own answer, and the next turn is another call', async () => {
  const { calls, double } = recorder();
  const ask = gatherTurns(double);
  expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6]);
  expect(await ask(4)).toBe(8);
  expect(calls).toEqual([[1, 2, 3], [4]]);
});

test('a failure is told to all who were gathered with it, and to nobody after', async () => {
  let fails = true;
  const ask = gatherTurns(async (asked: readonly number[]) => {
    if (fails) throw new Error('away');
    return asked;
  });
  const ends = await Promise.allSettled([ask(1), ask(2)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await ask(3)).toBe(3);
});

test('gathering for a time ends early when it is full', async () => {
  const { calls, double } = recorder();
  const ask = gatherFor(double, { forMs: 20, atMost: 2 });
  expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6]);
  expect(calls).toEqual([[1, 2], [3]]);
});
