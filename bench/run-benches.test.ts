import { describe, expect, it } from 'vitest';
import { type Bench, type Figure, verdictOf } from './figure.ts';
import { formatReport, runBenches } from './run-benches.ts';
import { median, quantile } from './statistics.ts';

const machine = {
  date: '2026-01-05T00:00:00.000Z',
  cpu: 'a processor',
  cores: 2,
  memoryGiB: 8,
  loadBefore: 0.5,
  node: 'v24.21.0',
  natsServer: '2.12.0',
  redisServer: '7.0.15',
  anvil: '1.7.1',
};

const figure: Figure = {
  name: 'a sum',
  unit: 'ms',
  ours: 3,
  reference: { name: 'by hand', value: 2 },
  goal: { of: 'ratio', better: 'less', reach: 2, stretch: 1 },
};

const adding: Bench = { name: 'adding', about: 'adds two numbers', run: async () => [figure] };
const failing: Bench = {
  name: 'failing',
  about: 'cannot start',
  run: () => Promise.reject(new Error('no server here')),
};

describe('the bench harness', () => {
  it('runs benches in turn and prints machine, versions and one aligned table', async () => {
    const said: string[] = [];
    const result = await runBenches([adding], (text) => said.push(text));
    expect(said).toEqual(['adding: adds two numbers']);
    expect(formatReport({ machine, source: 'commit abc', ...result })).toBe(
      [
        '2026-01-05T00:00:00.000Z · a processor, 2 cores, 8 GiB · load before 0.5',
        'node v24.21.0 · nats-server 2.12.0 · redis-server 7.0.15 · anvil 1.7.1',
        'commit abc',
        '',
        '| figure | ours | reference     | ratio  | reach  | stretch | verdict |',
        '|--------|------|---------------|--------|--------|---------|---------|',
        '| a sum  | 3 ms | 2 ms, by hand | 1.50 x | <= 2 x | <= 1 x  | reach   |',
      ].join('\n'),
    );
  });

  it('tells a bench that fails and goes on with the next', async () => {
    const { figures, failures } = await runBenches([failing, adding], () => {});
    expect(figures).toEqual([figure]);
    expect(failures).toMatchObject([{ bench: 'failing', reason: expect.stringContaining('no server here') }]);
  });

  it.each([
    [{ ours: 2 }, 'stretch'],
    [{ ours: 4 }, 'reach'],
    [{ ours: 4.1 }, 'missed'],
    [{ ours: Number.NaN }, 'missed'],
    [{ goal: null }, ''],
    [{ reference: null }, 'missed'],
    [{ ours: 5, goal: { of: 'value', better: 'more', reach: 5, stretch: 9 } }, 'reach'],
    [{ ours: 9, goal: { of: 'value', better: 'more', reach: 5, stretch: 9 } }, 'stretch'],
    [{ ours: 4, goal: { of: 'value', better: 'more', reach: 5, stretch: 9 } }, 'missed'],
  ] as const)('judges %j as %s', (change, verdict) => {
    expect(verdictOf({ ...figure, ...change })).toBe(verdict);
  });

  it('takes quantiles between the values on either side', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(median([])).toBeNaN();
  });
});
