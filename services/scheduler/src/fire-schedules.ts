import type { Bus } from '@rangeward/adapter-nats/bus';
import { scheduledTrigger } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { type ConfiguredPool, concerns } from './configured-pools.ts';
import { nextSlot, type Schedule } from './plan-slots.ts';

/** setTimeout cannot wait longer than this. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

type Dependencies = {
  readonly bus: Bus;
  readonly log: Logger;
  readonly now: () => number;
  readonly pools: readonly ConfiguredPool[];
};

/**
 * Publishes a trigger for every slot of a schedule, until stopped. Any number of schedulers may do the same: the id of
 * a trigger is derived from its slot, so the bus keeps one.
 */
export function fireSchedule(schedule: Schedule, dependencies: Dependencies): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const wait = (after: number) => {
    const slot = nextSlot(schedule, after);
    if (slot === null) return;
    const delayMs = Math.min(Math.max(0, slot - dependencies.now()), LONGEST_WAIT_MS);
    timer = setTimeout(() => {
      if (dependencies.now() < slot) return wait(slot - 1);
      publishSlot(schedule, slot, dependencies);
      // After a sleep the slot that was waited for fires, late; the ones after it are not made up for.
      wait(Math.max(slot, dependencies.now()));
    }, delayMs);
  };
  wait(dependencies.now());
  return { stop: () => clearTimeout(timer) };
}

function publishSlot(schedule: Schedule, slotMs: number, { bus, log, pools }: Dependencies): void {
  const slot = new Date(slotMs).toISOString();
  for (const { chain, pool } of pools.filter((candidate) => concerns(schedule, candidate))) {
    const position = schedule.position === undefined ? {} : { position: schedule.position };
    bus.publish(scheduledTrigger, { chain, pool, job: schedule.name, slot, ...position }).catch((error: unknown) => {
      log.error({ err: error, job: schedule.name, slot, chain, pool }, 'a scheduled trigger could not be published');
    });
  }
}
