import { type Handler, on } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { noteRunEnd } from '@rangeward/adapter-redis/run-streaks';
import { runCompleted } from '@rangeward/contracts';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfRun } from './rules.ts';

type Dependencies = { readonly redis: Redis; readonly raise: RaiseAlert; readonly failures: OwnFailures };

/** A failed run warns, more than three in a row are critical, a rebalance informs. */
export function onRunCompleted({ redis, raise, failures }: Dependencies): Handler {
  return on(runCompleted, async ({ data: { run, result } }) => {
    await failures.guard('run-completed', async () => {
      if (result.status === 'skipped') return;
      const failuresInARow = await noteRunEnd(redis, `${run.chain}:${run.pool}:${run.position}`, {
        id: run.id,
        startedAtMs: Date.parse(run.startedAt),
        failed: result.status === 'failed',
      });
      const alert = alertOfRun(run, result, failuresInARow);
      if (alert !== null) await raise(alert);
    });
  });
}
