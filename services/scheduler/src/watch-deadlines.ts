import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Logger } from '@rangeward/service/log';
import { keep, type Ledger } from './on-run-event.ts';

/** Fails every run whose deadline has passed without a result. Safe with any number of schedulers. */
async function failOverdueRuns(ledger: Ledger, bus: Pick<Bus, 'publish'>, nowMs: number): Promise<number> {
  const overdue = await ledger.records.overdue(nowMs);
  for (const run of overdue) {
    await keep(run, { name: 'overdue', fact: { at: run.deadline } }, ledger, bus.publish);
  }
  return overdue.length;
}

/** Looks once a second until stopped. */
export function watchDeadlines(ledger: Ledger, bus: Bus, log: Logger, now: () => number): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      await failOverdueRuns(ledger, bus, now());
    } catch (error) {
      log.warn({ err: error }, 'overdue runs could not be checked; trying again in a second');
    }
    if (!stopped) timer = setTimeout(start, 1000);
  };
  const start = () => {
    looking = look();
  };
  start();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
