import { Cron } from 'croner';

/** A schedule as configured: when, and for which pools. */
export type Schedule = {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string;
  readonly chain?: string | undefined;
  readonly pool?: string | undefined;
  readonly position?: string | undefined;
};

/** First planned time of the schedule after `afterMs`, in milliseconds since 1970; null when there is none. */
export function nextSlot(schedule: Schedule, afterMs: number): number | null {
  const cron = new Cron(schedule.cron, { timezone: schedule.timezone, paused: true });
  return cron.nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** What is wrong with a cron expression or time zone, in words; null when nothing is. */
export function scheduleProblem(schedule: { cron: string; timezone: string }): string | null {
  try {
    const next = new Cron(schedule.cron, { timezone: schedule.timezone, paused: true }).nextRun();
    return next === null ? 'it never fires: there is no such time' : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
