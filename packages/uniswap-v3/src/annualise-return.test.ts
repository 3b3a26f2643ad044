import { describe, expect, it } from 'vitest';
import { annualiseReturn, meanCapitalRoundingDown } from './annualise-return.ts';

const DAY = 86_400;

describe('annualiseReturn', () => {
  it('is r * 365 / d, and compounded (V1 / V0)^(365 / d) - 1', () => {
    const flows = [{ atS: 0, amount: 10_000n }];
    const found = annualiseReturn({ gain: 100n, flows, fromS: 0, toS: 73 * DAY });
    expect(found).toMatchObject({ days: 73, ratio: 0.01, apr: 0.05, restsOnEnough: true });
    expect(found?.apy).toBeCloseTo(1.01 ** 5 - 1, 12);
  });

  it('says when it rests on too few days', () => {
    const of = { gain: 1n, flows: [{ atS: 0, amount: 100n }], fromS: 0 };
    expect(annualiseReturn({ ...of, toS: 7 * DAY - 1 })?.restsOnEnough).toBe(false);
    expect(annualiseReturn({ ...of, toS: 7 * DAY })?.restsOnEnough).toBe(true);
  });

  it('weighs capital by the time it worked', () => {
    const flows = [
      { atS: 0, amount: 1_000n },
      { atS: 5 * DAY, amount: 1_000n },
      { atS: 8 * DAY, amount: -1_500n },
      { atS: 20 * DAY, amount: 9_999n },
    ];
    expect(meanCapitalRoundingDown(flows, 0, 10 * DAY)).toBe(1_200n);
    expect(meanCapitalRoundingDown(flows, 8 * DAY, 10 * DAY)).toBe(500n);
  });

  it('says nothing without time or capital, and does not compound the loss of more than everything', () => {
    const flows = [{ atS: 0, amount: 100n }];
    expect(annualiseReturn({ gain: 1n, flows, fromS: 5, toS: 5 })).toBeNull();
    expect(annualiseReturn({ gain: 1n, flows: [], fromS: 0, toS: DAY })).toBeNull();
    expect(annualiseReturn({ gain: -101n, flows, fromS: 0, toS: DAY })).toMatchObject({ ratio: -1.01, apy: null });
  });
});
