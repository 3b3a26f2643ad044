import { parseArgs } from 'node:util';
import { runBudgetRace } from './budget-race.ts';
import { huntBug } from './hunt-bug.ts';
import type { Violation } from './judge.ts';
import { plantedBugs } from './planted-bugs.ts';
import { runMatrix } from './run-matrix.ts';
import { runSideBySide } from './run-side-by-side.ts';
import { runSeed } from './seed-run.ts';

/** `pnpm chaos`: the long runs, as tables, with every failure's own command. Exit code 1 when anything was found. */
const { values } = parseArgs({
  options: {
    matrix: { type: 'boolean' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    bugs: { type: 'boolean' },
    bug: { type: 'string' },
    budget: { type: 'boolean' },
    'at-once': { type: 'string', default: '4' },
  },
});
const atOnce = Number(values['at-once']);
let failures = 0;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const tell = (violations: readonly Violation[], replay: string) => {
  if (violations.length === 0) return;
  failures++;
  for (const { id, text } of violations) say(`      ${id}: ${text}`);
  say(`      again: ${replay}`);
};
const percentile = (numbers: readonly number[], share: number) =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;

if (values.matrix) {
  const results = await runMatrix({
    worlds: atOnce,
    onResult: ({ of, outcome, violations, recoveryMs }) => {
      say(
        `${violations.length === 0 ? 'ok  ' : 'FAIL'} ${of.kind} ${of.how} at ${of.place}: ${outcome}, ${recoveryMs?.toFixed(0)} ms to the trade`,
      );
      tell(violations, 'pnpm chaos --matrix');
    },
  });
  const recovered = results.flatMap(({ of, recoveryMs }) =>
    of.how === 'kill' && recoveryMs !== null ? [recoveryMs] : [],
  );
  say(
    `matrix: ${results.length} cases, ${results.filter(({ violations }) => violations.length > 0).length} with violations; from a kill to the trade p50 ${percentile(recovered, 0.5).toFixed(0)} ms, p95 ${percentile(recovered, 0.95).toFixed(0)} ms`,
  );
}

if (values.seeds !== undefined || values.seed !== undefined) {
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const results = await runSideBySide(
    Array.from({ length: count }, (_, index) => first + index),
    atOnce,
    async (seed) => {
      const result = await runSeed(seed, { keep: values.seed !== undefined, bug: values.bug });
      const { violations, outcomes, mix, strikes, resumedMs } = result;
      say(
        `${violations.length === 0 ? 'ok  ' : 'FAIL'} seed ${seed}: ${outcomes.join(', ')}; ${strikes} strikes of ${mix.join(', ')}; over ${resumedMs.toFixed(0)} ms after`,
      );
      tell(violations, `pnpm chaos --seed ${seed}`);
      if (values.seed !== undefined) say(`      logs in ${result.folder}`);
      return result;
    },
  );
  const resumed = results.map(({ resumedMs }) => resumedMs);
  say(
    `seeds: ${results.length}, ${results.filter(({ violations }) => violations.length > 0).length} with violations; over after the last fault p95 ${percentile(resumed, 0.95).toFixed(0)} ms`,
  );
}

if (values.bugs) {
  const wanted = plantedBugs.filter(({ name }) => values.bug === undefined || name === values.bug);
  const hunts = await runSideBySide(wanted, atOnce, async (bug) => {
    const hunt = await huntBug(bug).catch((error: Error) => ({
      bug,
      caughtBy: null,
      violation: `the hunt itself failed: ${error.message}`,
    }));
    say(
      `${hunt.caughtBy === null ? 'MISSED' : 'caught'} ${bug.name} (${bug.says}): ${hunt.caughtBy ?? 'by nothing'}; ${hunt.violation.slice(0, 160)}`,
    );
    if (hunt.caughtBy === null) failures++;
    return hunt;
  });
  say(`planted bugs: ${hunts.filter(({ caughtBy }) => caughtBy !== null).length} of ${hunts.length} caught`);
}

if (values.budget) {
  const { violations, spent, highest, looks } = await runBudgetRace({ processes: 16, operations: 1_000 });
  say(`budget: 16 processes, 16,000 operations: ${spent} spent, at most ${highest} of 200000 drawn in ${looks} looks`);
  tell(violations, 'pnpm chaos --budget');
}

process.exit(failures === 0 ? 0 : 1);
