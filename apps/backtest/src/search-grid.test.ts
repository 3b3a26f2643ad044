import { describe, expect, it } from 'vitest';
import { expectedBestOfChance, foldsOf, searchGrid, trialsOf } from './search-grid.ts';

const grid = new Map([
  ['coverage', ['0.8', '0.9']],
  ['horizonS', ['3600', '7200', '14400']],
]);

describe('a search over a grid', () => {
  it('tries every combination', () => {
    const trials = trialsOf(grid);
    expect(trials).toHaveLength(6);
    expect(new Set(trials.map((trial) => JSON.stringify(trial))).size).toBe(6);
  });

  it('judges each choice on the stretch right after the one it was made on', () => {
    const folds = foldsOf(0, 1000, 3);
    expect(folds.map(({ train, test }) => [train.startS, train.endS, test.startS, test.endS])).toEqual([
      [0, 250, 250, 500],
      [250, 500, 500, 750],
      [500, 750, 750, 1000],
    ]);
  });

  it('chooses by the train stretch alone', () => {
    // What is best before is worst after: whoever peeked would choose another.
    const score = (trial: Readonly<Record<string, string>>, { startS }: { startS: number }) => {
      const first = Number(trial.coverage ?? 0) * (startS === 0 ? 1 : -1);
      return first + Number(trial.horizonS ?? 0) / 1e9;
    };
    const [only] = searchGrid(grid, foldsOf(0, 200, 1), score).folds;
    expect(only?.chosen).toEqual({ coverage: '0.9', horizonS: '14400' });
    expect(only?.trainScore).toBeCloseTo(0.9, 4);
    expect(only?.testScore).toBeCloseTo(-0.9, 4);
    expect(only?.defaultScore).toBe(0);
  });

  it('says how good the best of many looks by luck', () => {
    // Of two draws of any one distribution the greater is expected at 1/sqrt(pi) of a deviation; the formula is near it.
    expect(expectedBestOfChance([-1, 1]) / Math.SQRT2).toBeCloseTo(0.53, 1);
    const many = Array.from({ length: 100 }, (_, at) => Math.sin(at * 7.3));
    const few = many.slice(0, 10);
    expect(expectedBestOfChance(many)).toBeGreaterThan(expectedBestOfChance(few));
    expect(expectedBestOfChance([3])).toBe(0);
    expect(expectedBestOfChance([3, 3, 3])).toBe(0);
  });
});
