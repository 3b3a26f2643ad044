import { parseArgs } from 'node:util';
import { runBudgetRace } from './budget-race.ts';
import { huntBug } from './hunt-bug.ts';
import type { Violation } from './judge.ts';
import { type LongResult, runDeepReorgs, runFlushes, runRecoveries, runReorgs, runSandwiches } from './long-runs.ts';
import { plantedBugs } from './planted-bugs.ts';
import { runMatrix } from './run-matrix.ts';
import { runSideBySide } from './run-side-by-side.ts';
import { runSeed } from './seed-run.ts';
import { runTriggerStorm } from './trigger-storm.ts';

/** `pnpm chaos`: the long runs, as tables, with every failure's own command. Exit code 1 when anything was found. */
const { values } = parseArgs({
  options: {
    matrix: { type: 'boolean' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    bugs: { type: 'boolean' },
    bug: { type: 'string' },
    budget: { type: 'boolean' },
    triggers: { type: 'string' },
    reorgs: { type: 'string' },
    'deep-reorgs': { type: 'string' },
    sandwiches: { type: 'string' },
    flushes: { type: 'string' },
    recoveries: { type: 'string' },
    'at-once': { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
});
const worlds = Number(values['at-once']);
let failures = 0;

await matrix();
await seeds();
await bugs();
await budget();
await triggers();
await long('reorgs', runReorgs);
await long('deep-reorgs', runDeepReorgs);
await long('sandwiches', runSandwiches);
await long('flushes', runFlushes);
await long('recoveries', runRecoveries);
process.exit(failures === 0 ? 0 : 1);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line for what was done, and below it what was wrong with it and how to see that again. */
function tell(line: string, violations: readonly Violation[], replay: string): void {
  say(`${violations.length === 0 ? 'ok  ' : 'FAIL'} ${line}`);
  if (violations.length === 0) return;
  failures++;
  for (const { id, text } of violations) say(`      ${id}: ${text}`);
  say(`      again: pnpm chaos ${replay}`);
}

function percentile(numbers: readonly number[], share: number): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return found === undefined ? '-' : `${found.toFixed(0)} ms`;
}

function failed(results: readonly { readonly violations: readonly Violation[] }[]): string {
  return `${results.length}, ${results.filter(({ violations }) => violations.length > 0).length} with violations`;
}

async function matrix(): Promise<void> {
  if (!values.matrix) return;
  const results = await runMatrix({
    worlds,
    onResult: ({ of, outcome, violations, recoveryMs }) =>
      tell(
        `${of.kind} ${of.how} at ${of.place}: ${outcome}, ${recoveryMs?.toFixed(0)} ms to the trade`,
        violations,
        '--matrix',
      ),
  });
  const recovered = results.flatMap(({ of, recoveryMs }) =>
    of.how === 'kill' && recoveryMs !== null ? [recoveryMs] : [],
  );
  say(
    `matrix: ${failed(results)}; from a kill to the trade p50 ${percentile(recovered, 0.5)}, p95 ${percentile(recovered, 0.95)}`,
  );
}

async function seeds(): Promise<void> {
  if (values.seeds === undefined && values.seed === undefined) return;
  const first = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  const results = await runSideBySide(numbers, worlds, async (seed) => {
    const result = await runSeed(seed, {
      keep: values.keep || values.seed !== undefined,
      bug: values.bug,
      only: values.only?.split(','),
    });
    const { violations, outcomes, mix, strikes, resumedMs } = result;
    const story = `${outcomes.join(', ')}; ${strikes} strikes of ${mix.join(', ')}; over ${resumedMs.toFixed(0)} ms after`;
    tell(`seed ${seed}: ${story}`, violations, `--seed ${seed}`);
    if (values.keep || values.seed !== undefined) say(`      logs in ${result.folder}`);
    return result;
  });
  const resumed = results.map(({ resumedMs }) => resumedMs);
  say(
    `seeds: ${failed(results)}; over after the last fault p50 ${percentile(resumed, 0.5)}, p95 ${percentile(resumed, 0.95)}`,
  );
}

async function bugs(): Promise<void> {
  if (!values.bugs) return;
  const wanted = plantedBugs.filter(({ name }) => values.bug === undefined || name === values.bug);
  const hunts = await runSideBySide(wanted, worlds, async (bug) => {
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

async function budget(): Promise<void> {
  if (!values.budget) return;
  const { violations, spent, highest, looks } = await runBudgetRace({ processes: 16, operations: 1_000 });
  tell(
    `budget: 16 processes, 16,000 operations: ${spent} spent, at most ${highest} of 200000 drawn in ${looks} looks`,
    violations,
    '--budget',
  );
}

async function triggers(): Promise<void> {
  if (values.triggers === undefined) return;
  const { violations, tookMs, ...counts } = await runTriggerStorm({
    triggers: Number(values.triggers),
    keep: values.keep,
  });
  tell(
    `triggers: ${JSON.stringify(counts)} in ${(tookMs / 1000).toFixed(0)} s`,
    violations,
    `--triggers ${values.triggers}`,
  );
}

type Long = (options: {
  count: number;
  worlds: number;
  onResult: (result: LongResult) => void;
}) => Promise<LongResult[]>;

async function long(
  name: 'reorgs' | 'deep-reorgs' | 'sandwiches' | 'flushes' | 'recoveries',
  run: Long,
): Promise<void> {
  const count = values[name];
  if (count === undefined) return;
  const onResult = ({ number, what, outcome, violations }: LongResult) =>
    tell(`${name} ${number}: ${what}: ${outcome}`, violations, `--${name} ${count}`);
  const results = await run({ count: Number(count), worlds, onResult });
  const took = results.flatMap(({ tookMs }) => (tookMs === null ? [] : [tookMs]));
  const times =
    took.length === 0 ? '' : `; p50 ${percentile(took, 0.5)}, p95 ${percentile(took, 0.95)} of ${took.length}`;
  const outcomes = Object.groupBy(results, ({ outcome }) => outcome);
  const ends = Object.entries(outcomes).map(([outcome, list]) => `${list?.length} ${outcome}`);
  say(`${name}: ${failed(results)}; ${ends.join(', ')}${times}`);
}
