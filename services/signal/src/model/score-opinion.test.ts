import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreOpinion, type Views } from './score-opinion.ts';

const views = (full: Views['full'], degreesOfFreedom = 8): Views => ({
  from: '2026-01-05T00:00:00.000Z',
  horizonEnd: '2026-01-05T01:00:00.000Z',
  spotLog: 8,
  degreesOfFreedom,
  without: { centerLog: 8, sigmaLog: 0.01 },
  full,
});
const scored = (full: NonNullable<Views['full']>, outcomeLog: number, degrees?: number) => {
  const score = scoreOpinion(views(full, degrees), outcomeLog);
  if (score === null) throw new Error('it had an opinion');
  return score;
};

describe('a score', () => {
  it('is the density of a Student-t, by closed forms at three and five degrees', () => {
    // At its centre: gamma(2) / (sqrt(3 pi) gamma(3/2)) = 2 / (pi sqrt 3), and 8 / (3 pi sqrt 5); the scale divides.
    const at = (degrees: number) => scored({ centerLog: 8, sigmaLog: 0.01 }, 8, degrees).without.log;
    const scale = (degrees: number) => 0.01 * Math.sqrt((degrees - 2) / degrees);
    expect(at(3)).toBeCloseTo(Math.log(2 / (Math.PI * Math.sqrt(3)) / scale(3)), 12);
    expect(at(5)).toBeCloseTo(Math.log(8 / (3 * Math.PI * Math.sqrt(5)) / scale(5)), 12);
  });

  it('has the probability of a rise by the distribution, which is closed at four degrees', () => {
    const t = 1.5;
    const center = 8 + t * 0.01 * Math.sqrt(0.5);
    const x = t / Math.sqrt(4 + t * t);
    const below = 0.5 - (3 / 4) * x * (1 - x ** 2 / 3);
    // F(t) at 4 degrees is 1/2 + 3/4 x (1 - x²/3) with x = t / sqrt(4 + t²); P(rise) = F(1.5).
    const { full, without } = scored({ centerLog: center, sigmaLog: 0.01 }, 8.001, 4);
    expect(full.brier).toBeCloseTo(below ** 2, 8);
    expect(without.brier).toBeCloseTo(0.25, 12);
  });

  it('is better for a view that was right about the direction, and for a width that was', () => {
    const up = { centerLog: 8.0025, sigmaLog: 0.01 };
    expect(scored(up, 8.008).full.log).toBeGreaterThan(scored(up, 8.008).without.log);
    expect(scored(up, 8.008).full.brier).toBeLessThan(scored(up, 8.008).without.brier);
    expect(scored(up, 7.992).full.log).toBeLessThan(scored(up, 7.992).without.log);
    const wide = { centerLog: 8, sigmaLog: 0.015 };
    expect(scored(wide, 8.03).full.log).toBeGreaterThan(scored(wide, 8.03).without.log);
    expect(scored(wide, 8.001).full.log).toBeLessThan(scored(wide, 8.001).without.log);
  });

  it('is none without an opinion, and is no different where the opinion changes nothing', () => {
    expect(scoreOpinion(views(null), 8)).toBeNull();
    const same = scored({ centerLog: 8, sigmaLog: 0.01 }, 8.02);
    expect(same.full).toEqual(same.without);
  });

  it('is finite, and a wild outcome gains no more than a few points whatever the opinion', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.25, max: 0.25, noNaN: true }),
        fc.double({ min: 0.8, max: 1.5, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (shift, width, off) => {
          const { full, without } = scored({ centerLog: 8 + shift * 0.01, sigmaLog: 0.01 * width }, 8 + off);
          const gain = full.log - without.log;
          expect(Math.abs(gain)).toBeLessThan(3.6);
          expect(full.brier).toBeGreaterThanOrEqual(0);
          expect(full.brier).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
