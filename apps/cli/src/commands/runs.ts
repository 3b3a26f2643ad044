import type { Redis } from '@rangeward/adapter-redis/connect';
import { createRunRecords, type StoredRun } from '@rangeward/adapter-redis/run-records';
import type { RunResult } from '@rangeward/contracts';
import { CommandFailure } from '../command-failure.ts';
import { type GlobalFlags, withRedis } from '../operator.ts';
import { printFacts, printJson, printTable } from '../output.ts';
import { duration, integer, price, short, usd } from '../story/format-amounts.ts';
import type { Screen } from '../story/print-story.ts';

export async function listRuns(flags: GlobalFlags & { limit: number; json: boolean }, screen: Screen): Promise<void> {
  const runs = await withRedis(flags, (redis) => createRunRecords(redis).list({ limit: flags.limit }));
  if (flags.json)
    return printJson(
      screen,
      runs.map(({ run, result }) => result ?? { ...run, status: 'running' }),
    );
  if (runs.length === 0) return void screen.write('No run yet. Ask for one: ./rangeward trigger\n');
  printTable(
    screen,
    ['run', 'started', 'trigger', 'position', 'status', 'decision', 'outcome', 'took'],
    runs.map(rowOf),
  );
}

function rowOf({ run, result }: StoredRun): string[] {
  const took = result?.durationMs == null ? '' : duration(result.durationMs);
  const position = `${run.chain}/${run.position}`;
  return [
    short(run.id),
    run.startedAt,
    run.trigger,
    position,
    result?.status ?? 'running',
    result?.decision ?? '',
    result?.outcome ?? '',
    took,
  ];
}

export async function showRun(id: string, flags: GlobalFlags & { json: boolean }, screen: Screen): Promise<void> {
  const stored = await withRedis(flags, (redis) => findRun(redis, id));
  if (flags.json) return printJson(screen, stored);
  const { run, result } = stored;
  printFacts(screen, [
    ['run', `${run.id} (its trace has the same id)`],
    ['trigger', run.trigger],
    ['position', `${run.position} in ${run.chain}/${run.pool}, NFT ${run.tokenId}`],
    ['mode', run.mode],
    ['started', run.startedAt],
    ['deadline', run.deadline],
    ...(result === null
      ? ([['status', `running; heard so far: ${Object.keys(stored.facts).join(', ') || 'nothing'}`]] as const)
      : factsOf(result)),
  ]);
}

function factsOf(result: RunResult): (readonly [string, string])[] {
  const priceOf = (value: number | null) => (value === null ? 'none' : `${price(value)} USDC per WETH`);
  const money = (value: number | null) => (value === null ? 'none' : usd(value));
  const facts: (readonly [string, string | null])[] = [
    ['status', result.status],
    ['failure', result.failure],
    ['took', result.durationMs === null ? null : duration(result.durationMs)],
    ['block', result.block === null ? null : integer(result.block)],
    ['prior', priceOf(result.vwapPriorCenterUsdE6)],
    ['posterior', priceOf(result.posteriorCenterUsdE6)],
    [
      'range',
      result.recommendedTickLower === null
        ? null
        : `ticks [${result.recommendedTickLower}, ${result.recommendedTickUpper})`,
    ],
    ['decision', result.decision],
    ['reason', result.decisionReason],
    ['plan', result.planId],
    ['outcome', result.outcome],
    ['NFT after', result.newTokenId?.toString() ?? null],
    ['transactions', result.txHashes.length === 0 ? null : result.txHashes.join('\n                ')],
    ['gas', result.gasUsed === null ? null : `${integer(result.gasUsed)} (${money(result.gasUsdE6)})`],
    ['fees', result.feesCollectedUsdE6 === null ? null : money(result.feesCollectedUsdE6)],
    ['value', `${money(result.positionValueBeforeUsdE6)} before, ${money(result.positionValueAfterUsdE6)} after`],
    ['error', result.executionError],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** Takes a whole run id or its beginning. */
export async function findRun(redis: Redis, id: string): Promise<StoredRun> {
  const records = createRunRecords(redis);
  const wanted = id.toLowerCase().replaceAll('-', '');
  const exact = await records.read(wanted);
  if (exact !== null) return exact;
  const [found, another] = (await records.list({ limit: 1000 })).filter(({ run }) => run.id.startsWith(wanted));
  if (another !== undefined)
    throw new CommandFailure(`more than one run begins with ${id}; give more of its id (./rangeward runs list)`);
  if (found === undefined)
    throw new CommandFailure(`there is no run ${id}; ./rangeward runs list shows those there are`);
  return found;
}
