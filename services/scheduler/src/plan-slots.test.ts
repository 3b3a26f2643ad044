import { describe, expect, it } from 'vitest';
import { nextSlot, scheduleProblem } from './plan-slots.ts';

const slots = (cron: string, timezone: string, from: string, count: number) => {
  const found: string[] = [];
  let after = Date.parse(from);
  for (let index = 0; index < count; index += 1) {
    const slot = nextSlot({ name: 'x', cron, timezone }, after);
    if (slot === null) break;
    found.push(new Date(slot).toISOString());
    after = slot;
  }
  return found;
};

describe('slots', () => {
  it('come every hour on the hour', () => {
    expect(slots('0 * * * *', 'UTC', '2026-01-05T00:30:00Z', 2)).toEqual([
      '2026-01-05T01:00:00.000Z',
      '2026-01-05T02:00:00.000Z',
    ]);
  });

  it('understand seconds', () => {
    expect(slots('*/20 * * * * *', 'UTC', '2026-01-05T00:00:01Z', 2)).toEqual([
      '2026-01-05T00:00:20.000Z',
      '2026-01-05T00:00:40.000Z',
    ]);
  });

  it('keep 09:35 in New York across both changes of the clock', () => {
    expect(slots('35 9 * * 1-5', 'America/New_York', '2026-03-05T20:00:00Z', 2)).toEqual([
      '2026-03-06T14:35:00.000Z',
      '2026-03-09T13:35:00.000Z',
    ]);
    expect(slots('35 9 * * 1-5', 'America/New_York', '2026-10-29T20:00:00Z', 2)).toEqual([
      '2026-10-30T13:35:00.000Z',
      '2026-11-02T14:35:00.000Z',
    ]);
  });

  it('that make no sense are named', () => {
    expect(scheduleProblem({ cron: '61 * * * *', timezone: 'UTC' })).not.toBeNull();
    expect(scheduleProblem({ cron: '0 * * * *', timezone: 'Mars/Olympus' })).not.toBeNull();
    expect(scheduleProblem({ cron: '0 0 30 2 *', timezone: 'UTC' })).toContain('never fires');
    expect(scheduleProblem({ cron: '0 * * * *', timezone: 'Europe/Rome' })).toBeNull();
  });
});
