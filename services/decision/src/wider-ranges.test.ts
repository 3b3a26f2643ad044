import { describe, expect, it } from 'vitest';
import { widerRanges } from './wider-ranges.ts';

describe('wider ranges', () => {
  it('lie around the same middle, outward to the grid', () => {
    expect(widerRanges({ tickLower: 195_250, tickUpper: 195_380 }, 10)).toEqual([
      { tickLower: 195_180, tickUpper: 195_450 },
      { tickLower: 195_050, tickUpper: 195_580 },
      { tickLower: 194_790, tickUpper: 195_840 },
    ]);
  });

  it('end where the pool does', () => {
    const [, , widest] = widerRanges({ tickLower: 600_000, tickUpper: 880_000 }, 60);
    expect(widest).toEqual({ tickLower: -380_040, tickUpper: 887_220 });
  });
});
