import { describe, expect, it } from 'vitest';
import { periodStarts } from './period-starts.ts';

const at = (text: string) => Date.parse(text) / 1000;
const shown = (starts: number[]) => starts.map((start) => new Date(start * 1000).toISOString().slice(0, 16));

describe('periodStarts', () => {
  it('begins days at midnight, weeks on Monday and months on the first, in UTC', () => {
    const now = at('2024-03-02T10:20:30Z'); // A Saturday.
    expect(shown(periodStarts('day', 3, now))).toEqual(['2024-02-29T00:00', '2024-03-01T00:00', '2024-03-02T00:00']);
    expect(shown(periodStarts('week', 2, now))).toEqual(['2024-02-19T00:00', '2024-02-26T00:00']);
    expect(shown(periodStarts('month', 4, now))).toEqual([
      '2023-12-01T00:00',
      '2024-01-01T00:00',
      '2024-02-01T00:00',
      '2024-03-01T00:00',
    ]);
  });

  it('lets a time that is a start begin its own period', () => {
    for (const period of ['day', 'week', 'month'] as const) {
      const monday = at('2024-04-01T00:00:00Z'); // The first of a month as well.
      expect(periodStarts(period, 1, monday)).toEqual([monday]);
      expect(periodStarts(period, 1, monday - 1)[0]).toBeLessThan(monday);
    }
  });
});
