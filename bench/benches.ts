import type { Bench } from './figure.ts';

/** All benches, in the order of the table. One more is a file and a line here. */
export const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  pipeline: async () => (await import('./pipeline/pipeline.ts')).pipeline,
  breach: async () => (await import('./breach/breach.ts')).breach,
  start: async () => (await import('./start/start.ts')).start,
  'pool-replay': async () => (await import('./pool-replay.ts')).poolReplay,
  'real-day': async () => (await import('./real-day/real-day.ts')).realDay,
  calibration: async () => (await import('./calibration/calibration.ts')).calibration,
  backtest: async () => (await import('./backtest/backtest.ts')).backtest,
};
