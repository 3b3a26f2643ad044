import { type Run, type RunResult, runCompleted, toWire } from '@rangeward/contracts';
import type { Redis } from './connect.ts';
import { gatherTurns } from './gather.ts';
import { defineScript } from './script.ts';

/**
 * The run ledger. One hash a run, a field a fact (`fact:<name>`), so that facts may come in any order and any number of
 * times: the first of a name stays. Beside it: open runs by deadline, all runs by start, and what each position's runs
 * add up to.
 */
export type RunRecords = {
  /**
   * Notes a fact of a run. Returns the names of all its facts so far, in no order, and whether the run was closed before;
   * null when a later fact of the run was noted with it, whose answer is the same.
   */
  note(run: Run, name: string, fact: unknown): Promise<Noted | null>;
  /** All facts of a run so far, by name. */
  facts(runId: string): Promise<Record<string, unknown>>;
  /** Stores the result and adds it to the position's totals, once. Returns whether this was the time it did. */
  close(run: Run, result: RunResult): Promise<boolean>;
  /** Runs still open whose deadline is not after `nowMs`. */
  overdue(nowMs: number): Promise<Run[]>;
  read(runId: string): Promise<StoredRun | null>;
  /** Newest first. */
  list(options: { limit: number; beforeMs?: number }): Promise<StoredRun[]>;
  totals(place: Place): Promise<PositionTotals | null>;
};

type Noted = { readonly names: readonly string[]; readonly closed: boolean };

export type StoredRun = {
  readonly run: Run;
  readonly facts: Record<string, unknown>;
  readonly result: RunResult | null;
};

/** What survives of all runs of a position; dollars in micro-dollars. */
type PositionTotals = {
  readonly lastRunId: string;
  readonly lastRunAt: string;
  readonly lastRebalanceAt: string | null;
  readonly consecutiveFailures: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rebalances: number;
  readonly feesCollectedUsdE6: number;
  readonly gasUsdE6: number;
};

// KEYS: open runs, runs by start, then the run of each fact. ARGV of each fact: its field, itself, its run, the run's
// deadline, start and id. Returns for each the fields of its run, after all of them; nothing where a later one tells.
const noteFacts = defineScript(
  'RunNote',
  'any',
  `
local last = {}
for index = 3, #KEYS do
  local at = (index - 3) * 6
  redis.call('HSETNX', KEYS[index], ARGV[at + 1], ARGV[at + 2])
  if redis.call('HSETNX', KEYS[index], 'run', ARGV[at + 3]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[at + 5], ARGV[at + 6])
    redis.call('ZADD', KEYS[1], ARGV[at + 4], ARGV[at + 6])
  end
  last[KEYS[index]] = index
end
local said = {}
for index = 3, #KEYS do
  said[index - 2] = (last[KEYS[index]] == index) and redis.call('HKEYS', KEYS[index]) or {}
end
return said`,
);

// KEYS: run, open runs, the position's totals and its newest ends. ARGV: result, run id, status, end, fees, gas, whether it
// rebalanced, start in ms, how many ends are kept.
const closeRun = defineScript(
  'RunClose',
  4,
  `
if redis.call('HSETNX', KEYS[1], 'result', ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[2])
local status = ARGV[3]
redis.call('HSET', KEYS[3], 'lastRunId', ARGV[2], 'lastRunAt', ARGV[4])
redis.call('HINCRBY', KEYS[3], status, 1)
if status ~= 'skipped' then
  redis.call('ZADD', KEYS[4], ARGV[8], ARGV[2] .. ':' .. status)
  redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - ARGV[9])
end
redis.call('HINCRBY', KEYS[3], 'feesCollectedUsdE6', ARGV[5])
redis.call('HINCRBY', KEYS[3], 'gasUsdE6', ARGV[6])
if ARGV[7] == '1' then
  redis.call('HINCRBY', KEYS[3], 'rebalances', 1)
  redis.call('HSET', KEYS[3], 'lastRebalanceAt', ARGV[4])
end
return 1`,
);

const OPEN = 'lp:{runs}:open';
const BY_START = 'lp:{runs}:by-start';
const runKey = (id: string) => `lp:{runs}:run:${id}`;
const totalsKey = (place: Place) => `lp:{runs}:totals:${place.chain}:${place.pool}:${place.position}`;
const endsKey = (place: Place) => `lp:{runs}:ends:${place.chain}:${place.pool}:${place.position}`;

/** Ends of a position's runs that are remembered to count failures in a row. */
const REMEMBERED = 50;

type Place = { readonly chain: string; readonly pool: string; readonly position: string };

/**
 * How many of a position's newest runs failed in a row, at most 50: newest by their start, so that the count depends neither
 * on the order in which they were closed nor on how often that was said. Skipped runs are passed over. `heard` is a run whose
 * end is known before the ledger has written it down: it counts as well. Runs that were begun before `sinceMs` do not count.
 */
export async function failuresInARow(redis: Redis, place: Place, heard?: RunEnd, sinceMs = 0): Promise<number> {
  const flat = await redis.zrevrangebyscore(endsKey(place), '+inf', sinceMs, 'WITHSCORES');
  const ends: { id: string; failed: boolean; startedAtMs: number }[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [id = '', status] = (flat[index] ?? '').split(':');
    ends.push({ id, failed: status === 'failed', startedAtMs: Number(flat[index + 1]) });
  }
  const counts = heard !== undefined && heard.status !== 'skipped' && Date.parse(heard.startedAt) >= sinceMs;
  if (counts && ends.every(({ id }) => id !== heard.id)) {
    ends.push({ id: heard.id, failed: heard.status === 'failed', startedAtMs: Date.parse(heard.startedAt) });
    ends.sort((a, b) => b.startedAtMs - a.startedAtMs || b.id.localeCompare(a.id));
  }
  const ended = ends.findIndex(({ failed }) => !failed);
  return Math.min(REMEMBERED, ended === -1 ? ends.length : ended);
}

type RunEnd = { readonly id: string; readonly startedAt: string; readonly status: RunResult['status'] };

const wireRun = runCompleted.schema.shape.run;
const wireResult = runCompleted.schema.shape.result;

/** Facts that are noted in one turn of the event loop are noted together. */
export function createRunRecords(redis: Redis): RunRecords {
  const note = gatherTurns((facts: readonly NewFact[]) => noteTogether(redis, facts));
  return {
    note: (run, name, fact) => note({ run, name, fact }),
    facts: async (runId) => factsOf(await redis.hgetall(runKey(runId))),
    close: async (run, result) => {
      const keys = [runKey(run.id), OPEN, totalsKey(run), endsKey(run)];
      const live = result.mode === 'live';
      const rebalanced = live && result.outcome === 'confirmed' && result.decision === 'rebalance';
      const first = await closeRun(redis, keys, [
        JSON.stringify(toWire(wireResult, result)),
        run.id,
        result.status,
        result.completedAt ?? run.deadline,
        live ? (result.feesCollectedUsdE6 ?? 0) : 0,
        live ? (result.gasUsdE6 ?? 0) : 0,
        rebalanced ? '1' : '0',
        Date.parse(run.startedAt),
        REMEMBERED,
      ]);
      return first === 1;
    },
    overdue: async (nowMs) => {
      const ids = await redis.zrangebyscore(OPEN, '-inf', nowMs, 'LIMIT', 0, 100);
      const runs = await Promise.all(ids.map((id) => readRun(redis, id)));
      return runs.flatMap((stored) => (stored === null ? [] : [stored.run]));
    },
    read: (runId) => readRun(redis, runId),
    list: async ({ limit, beforeMs }) => {
      const ids = await redis.zrevrangebyscore(
        BY_START,
        beforeMs === undefined ? '+inf' : `(${beforeMs}`,
        '-inf',
        'LIMIT',
        0,
        limit,
      );
      const runs = await Promise.all(ids.map((id) => readRun(redis, id)));
      return runs.flatMap((stored) => (stored === null ? [] : [stored]));
    },
    totals: async (place) => {
      const [fields, failures] = await Promise.all([redis.hgetall(totalsKey(place)), failuresInARow(redis, place)]);
      return fields.lastRunId === undefined ? null : totalsOf(fields, failures);
    },
  };
}

type NewFact = { readonly run: Run; readonly name: string; readonly fact: unknown };

async function noteTogether(redis: Redis, facts: readonly NewFact[]): Promise<readonly (Noted | null)[]> {
  const keys = [OPEN, BY_START, ...facts.map(({ run }) => runKey(run.id))];
  const values = facts.flatMap(({ run, name, fact }) => {
    const wire = JSON.stringify(toWire(wireRun, run));
    return [`fact:${name}`, JSON.stringify(fact), wire, Date.parse(run.deadline), Date.parse(run.startedAt), run.id];
  });
  const said = await noteFacts(redis, keys, values);
  if (!Array.isArray(said) || said.length !== facts.length) throw new Error('the ledger did not answer each fact');
  return said.map((fields) => {
    const known = Array.isArray(fields) ? fields.map(String) : [];
    // A run that has a fact has fields: there are none only where a later fact tells.
    if (known.length === 0) return null;
    return { names: known.flatMap((field) => factName(field) ?? []), closed: known.includes('result') };
  });
}

async function readRun(redis: Redis, id: string): Promise<StoredRun | null> {
  const fields = await redis.hgetall(runKey(id));
  if (fields.run === undefined) return null;
  return {
    run: wireRun.parse(JSON.parse(fields.run)),
    facts: factsOf(fields),
    result: fields.result === undefined ? null : wireResult.parse(JSON.parse(fields.result)),
  };
}

const FACT = 'fact:';

function factName(field: string): string | null {
  return field.startsWith(FACT) ? field.slice(FACT.length) : null;
}

function factsOf(fields: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, text]) => {
      const name = factName(field);
      return name === null ? [] : [[name, JSON.parse(text)]];
    }),
  );
}

function totalsOf(fields: Record<string, string>, consecutiveFailures: number): PositionTotals {
  const number = (name: string) => Number(fields[name] ?? 0);
  return {
    lastRunId: fields.lastRunId ?? '',
    lastRunAt: fields.lastRunAt ?? '',
    lastRebalanceAt: fields.lastRebalanceAt ?? null,
    consecutiveFailures,
    completed: number('completed'),
    failed: number('failed'),
    skipped: number('skipped'),
    rebalances: number('rebalances'),
    feesCollectedUsdE6: number('feesCollectedUsdE6'),
    gasUsdE6: number('gasUsdE6'),
  };
}
