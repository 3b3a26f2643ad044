import { type Handler, on } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { failuresInARow } from '@rangeward/adapter-redis/run-records';
import { runCompleted } from '@rangeward/contracts';
import type { OwnFailures } from './own-failures.ts';
import type { PauseTrading } from './pause-trading.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfRun } from './rules.ts';

type Dependencies = {
  readonly redis: Redis;
  readonly raise: RaiseAlert;
  readonly pause: PauseTrading;
  readonly failures: OwnFailures;
};

/** A failed run warns, more than three in a row are critical, more yet pause live trading; a rebalance informs. */
export function onRunCompleted({ redis, raise, pause, failures: own }: Dependencies): Handler {
  return on(runCompleted, async ({ data: { run, result } }) => {
    await own.guard('run-completed', async () => {
      if (result.status === 'skipped') return;
      // The ledger says that a run is over before it has written it down.
      const failures = await failuresInARow(redis, run, { ...run, status: result.status });
      const alert = alertOfRun(run, result, failures);
      if (alert !== null) await raise(alert);
    });
    await own.guard('pause', () => pause(run, result));
  });
}
