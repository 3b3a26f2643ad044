import type { StoredRun } from '@rangeward/adapter-redis/run-records';
import type { Run } from '@rangeward/contracts';
import { expect, test } from 'vitest';
import { movedMeanwhile } from './moved-meanwhile.ts';

const at = (second: number) => new Date(1_767_571_200_000 + second * 1000).toISOString();
const runOf = (id: string, second: number, given: Partial<Run> = {}): Run => ({
  ...{ id, trigger: 'price-breach', chain: 'base', pool: `0x${'88'.repeat(20)}`, position: 'main', tokenId: 7n },
  ...{ mode: 'live', startedAt: at(second), deadline: at(second + 300) },
  ...given,
});

/** A run from second 10 to second 20 unless told. */
function other(given: { run?: Partial<Run>; planId?: string | null; completedAt?: string | null; facts?: object }) {
  const { planId = 'ab', completedAt = at(20), facts = {} } = given;
  const result = completedAt === null ? null : { planId, completedAt };
  // Of a result only these two fields are read.
  return { run: runOf('other', 10, given.run), facts: { ...facts }, result } as unknown as StoredRun;
}

test.each([
  ['a plan that was under way', other({}), true],
  ['a plan that ended in the second in which this run began', other({ completedAt: at(15) }), true],
  ['a plan that was over before', other({ completedAt: at(14) }), false],
  ['a run that did nothing', other({ planId: null }), false],
  ['a plan that began afterwards', other({ run: { startedAt: at(17) } }), false],
  ['a plan that is not over', other({ completedAt: null, facts: { decision: { planId: 'ab' } } }), true],
  [
    'a run that is not over and decided to hold',
    other({ completedAt: null, facts: { decision: { planId: null } } }),
    false,
  ],
  ['a run of which nothing more was heard', other({ completedAt: null }), true],
  ['a plan of another position', other({ run: { position: 'second' } }), false],
  ['a plan on paper', other({ run: { mode: 'paper' } }), false],
  ['the run itself', other({ run: { id: 'this' } }), false],
])('%s', (_what, run, moved) => {
  expect(movedMeanwhile(runOf('this', 15), { completedAt: at(16) }, [run])).toBe(moved);
});
