import type { AuditNotes } from '@rangeward/adapter-nats/audit-notes';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { createRunRecords, failuresInARow, type StoredRun } from '@rangeward/adapter-redis/run-records';
import { readControl, stopTrading, type TradingStop } from '@rangeward/adapter-redis/trading-control';
import { noteValue } from '@rangeward/adapter-redis/value-history';
import type { Run, RunResult } from '@rangeward/contracts';
import { movedMeanwhile } from './moved-meanwhile.ts';
import { type PauseSettings, pauseDue, worthOf } from './pause-due.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfStop } from './rules.ts';

const DAY_MS = 86_400_000;

export type PauseTrading = (run: Run, result: RunResult) => Promise<void>;

/**
 * Pauses live trading when its runs fail one after the other or a position loses too much in a day. What was before a
 * person resumed does not count again, nor what was seen of a position while its money was on the way. Paused first, told
 * and written down afterwards.
 */
export function createPauseTrading(of: {
  readonly redis: Redis;
  readonly raise: RaiseAlert;
  readonly audit: Pick<AuditNotes, 'note'>;
  readonly settings: PauseSettings;
  readonly now: () => number;
}): PauseTrading {
  const { redis, raise, audit, settings, now } = of;
  return async (run, result) => {
    if (run.mode !== 'live') return;
    const control = await readControl(redis);
    const sinceMs = control === null ? 0 : Date.parse(control.at);
    const valueUsdE6 = worthOf(result);
    const atMs = Date.parse(run.startedAt);
    const place = { chain: run.chain, pool: run.pool, position: run.position };
    const [failures, highestUsdE6] = await Promise.all([
      failuresInARow(redis, run, { ...run, status: result.status }, sinceMs),
      valueUsdE6 === null ? null : noteValue(redis, { ...place, runId: run.id, atMs, valueUsdE6 }, DAY_MS, sinceMs),
    ]);
    const due = pauseDue(run, { failures, valueUsdE6, highestUsdE6 }, settings);
    if (due === null) return;
    if (due.through === 'drawdown' && movedMeanwhile(run, result, await runsBefore(redis, run, result))) return;
    const at = new Date(now()).toISOString();
    const stop: TradingStop = { state: 'paused', by: 'alerts', at, ...due };
    const { changed } = await stopTrading(redis, stop);
    if (!changed) return;
    audit.note({ actor: 'alerts', action: 'pause', reason: due.reason, detail: { through: due.through, run: run.id } });
    await raise(alertOfStop(stop));
  };
}

/** Runs of all positions that are looked at for one that moved: more than are under way at once. */
const LOOKED_AT = 100;

function runsBefore(redis: Redis, run: Run, { completedAt }: RunResult): Promise<readonly StoredRun[]> {
  const beforeMs = Date.parse(completedAt ?? run.deadline) + 1;
  return createRunRecords(redis).list({ limit: LOOKED_AT, beforeMs });
}
