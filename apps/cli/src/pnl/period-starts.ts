export const periods = ['day', 'week', 'month'] as const;
export type Period = (typeof periods)[number];

const DAY_S = 86_400;

/**
 * The starts, Unix seconds, of the last `count` periods up to and with the one that `nowS` lies in, oldest first: days from
 * midnight, weeks from Monday, months from the first, all UTC. A time that is a start begins its own period.
 */
export function periodStarts(period: Period, count: number, nowS: number): number[] {
  return Array.from({ length: count }, (_, index) => startOf(period, nowS, count - 1 - index));
}

function startOf(period: Period, nowS: number, back: number): number {
  const midnight = Math.floor(nowS / DAY_S) * DAY_S;
  if (period === 'day') return midnight - back * DAY_S;
  // The first of January 1970 was a Thursday, three days after a Monday.
  const sinceMonday = (Math.floor(nowS / DAY_S) + 3) % 7;
  if (period === 'week') return midnight - (sinceMonday + back * 7) * DAY_S;
  const now = new Date(nowS * 1000);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1) / 1000;
}
