import { describe, expect, it } from 'vitest';
import { runBudgetRace } from './budget-race.ts';
import { faults } from './faults.ts';
import { runMatrix } from './run-matrix.ts';
import { runSideBySide } from './run-side-by-side.ts';
import { runSeed } from './seed-run.ts';
import { runTriggerStorm } from './trigger-storm.ts';

/** The short selection; `pnpm chaos` runs the long one. What is found here replays with the command in the message. */
describe('the executor, killed', () => {
  it('at every boundary of every step, by kill and by freeze, does each thing once', async () => {
    const results = await runMatrix({ worlds: 4 });
    const wrong = results.filter(({ violations }) => violations.length > 0);
    expect(wrong.map(({ of, violations }) => ({ ...of, violations }))).toEqual([]);
    expect(results.length).toBeGreaterThan(110);
  }, 400_000);

  it('under 25 seeds of faults breaks no invariant', async () => {
    const seeds = Array.from({ length: 25 }, (_, index) => index + 1);
    // The loss of all of Redis has a test of its own in the executor; mixed with other faults it is for the long runs.
    const only = faults.map(({ name }) => name).filter((name) => name !== 'redis-flush');
    const results = await runSideBySide(seeds, 4, (seed) => runSeed(seed, { only }));
    const wrong = results.filter(({ violations }) => violations.length > 0);
    expect(wrong.map(({ seed, violations }) => ({ replay: `pnpm chaos --seed ${seed}`, violations }))).toEqual([]);
  }, 400_000);

  it('loses no trigger and carries none out twice, whatever is killed', async () => {
    const { violations, runs } = await runTriggerStorm({ triggers: 60 });
    expect(violations).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(60);
  }, 400_000);

  it('keeps one budget exact with sixteen processes', async () => {
    const { violations, spent, highest } = await runBudgetRace({ processes: 16, operations: 60 });
    expect(violations).toEqual([]);
    expect(spent).toBeGreaterThan(0);
    expect(highest).toBeGreaterThanOrEqual(spent);
  });
});
