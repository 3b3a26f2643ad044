import type { Opinion, OpinionAnswer } from '@rangeward/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { applyOpinion, effectOfAnswer, opinionEffectOf } from './apply-opinion.ts';
import { logPriceAtTick, logPriceAxis } from './log-price-axis.ts';
import { massWithin, optimiseRange } from './optimise-range.ts';
import { type TickPosterior, updatePosterior } from './update-posterior.ts';

const answers: OpinionAnswer[] = ([-1, 0, 1] as const).flatMap((direction) =>
  ([0, 1, 2] as const).flatMap((confidence) =>
    ([0, 1, 2, 3] as const).flatMap((regime) =>
      ([0, 1, 2] as const).map((width) => ({ direction, confidence, regime, width })),
    ),
  ),
);
const weights = [0, 0.1, 0.5, 1];
const given = (answer: OpinionAnswer, weight: number): Opinion => ({
  ...{ kind: 'given', answer, weight, model: 'a-model', promptHash: 'a'.repeat(64), callId: 'call' },
});

/** Mean and standard deviation of the log price, from the masses alone. */
function momentsOf(posterior: TickPosterior, stable: 0 | 1): { center: number; sigma: number; total: number } {
  const axis = logPriceAxis(sampleObserved({ stable }).market.pool);
  const at = (bin: number) => logPriceAtTick(axis, posterior.firstTick + (bin + 0.5) * posterior.binTicks);
  let [total, center, square] = [0, 0, 0];
  for (const [bin, mass] of posterior.masses.entries()) {
    total += mass;
    center += mass * at(bin);
  }
  for (const [bin, mass] of posterior.masses.entries()) square += mass * (at(bin) - center) ** 2;
  return { center, sigma: Math.sqrt(square), total };
}

/** A thousand posteriors: both token orders, spacings, widths from a bin to half the price, lopsided and with two humps. */
const posteriors = ([0, 1] as const).flatMap((stable) =>
  [1, 10, 60, 200].flatMap((tickSpacing) =>
    [0.0005, 0.002, 0.01, 0.05, 0.2].flatMap((sigmaLog) =>
      [0, 0.5, 3, 6, 9].flatMap((apart) =>
        [0.05, 0.3, 0.5, 0.7, 0.95].map((weight) => {
          const { pool } = sampleObserved({ stable, tickSpacing }).market;
          const view = { centerLog: Math.log(3000), sigmaLog, degreesOfFreedom: 8, weight: 1 - weight };
          const other = { ...view, centerLog: view.centerLog + apart * sigmaLog, sigmaLog: sigmaLog * 2, weight };
          return { stable, pool, posterior: updatePosterior([view, other], pool, 64) };
        }),
      ),
    ),
  ),
);

describe('every answer there is', () => {
  it('is one of 108, and its effect is within the bounds at any weight, also at absurd ones', () => {
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(108);
    for (const answer of answers) {
      for (const weight of [...weights, -1, 2, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
        const { shiftSigmas, widthFactor } = effectOfAnswer(answer, weight);
        expect(Math.abs(shiftSigmas)).toBeLessThanOrEqual(0.25);
        expect(widthFactor).toBeGreaterThanOrEqual(0.8);
        expect(widthFactor).toBeLessThanOrEqual(1.5);
        expect(Object.is(shiftSigmas, -0)).toBe(false);
      }
    }
  });

  it('moves a thousand posteriors within the bounds, and no mass is lost', () => {
    expect(posteriors).toHaveLength(1000);
    const effects = answers.flatMap((answer) => weights.map((weight) => effectOfAnswer(answer, weight)));
    const distinct = [...new Map(effects.map((effect) => [JSON.stringify(effect), effect])).values()];
    for (const { stable, pool, posterior } of posteriors) {
      const before = momentsOf(posterior, stable);
      // Laying mass into bins moves it by half a bin at most: the bounds hold but for the grid itself.
      const bin = posterior.binTicks * Math.log(1.0001);
      let worst = 0;
      for (const effect of distinct) {
        const moved = applyOpinion(posterior, effect, pool);
        const after = momentsOf(moved, stable);
        const shift = Math.abs(after.center - before.center) - 0.25 * posterior.sigmaLog;
        const wide = after.sigma - Math.hypot(1.5 * before.sigma, bin);
        const narrow = 0.8 * before.sigma - after.sigma;
        worst = Math.max(
          worst,
          (shift - 1e-9) / bin,
          wide / bin,
          narrow / bin,
          Math.abs(after.total - before.total) * 1e9,
        );
        worst = Math.max(worst, (Math.abs(moved.centerLog - posterior.centerLog) / posterior.sigmaLog - 0.25) * 1e9);
        worst = Math.max(worst, (0.8 - moved.sigmaLog / posterior.sigmaLog) * 1e9);
        worst = Math.max(worst, (moved.sigmaLog / posterior.sigmaLog - 1.5) * 1e9);
      }
      expect(worst).toBeLessThan(1);
    }
  });

  it('at weight 0, and no answer at all, leave the very same posterior', () => {
    const none: Opinion = { kind: 'none', reason: 'no-key', detail: 'no key' };
    for (const { posterior, pool } of posteriors.slice(0, 50)) {
      for (const opinion of [none, ...answers.map((answer) => given(answer, 0))]) {
        const effect = opinionEffectOf(opinion);
        expect(effect).toEqual({ shiftSigmas: 0, widthFactor: 1 });
        expect(applyOpinion(posterior, effect, pool)).toBe(posterior);
      }
    }
  });
});

describe('what an answer says is what it does', () => {
  it('more weight and more confidence go the same way and further; the other way is the mirror image', () => {
    for (const answer of answers) {
      const size = (weight: number, confidence = answer.confidence) => {
        const { shiftSigmas, widthFactor } = effectOfAnswer({ ...answer, confidence }, weight);
        return { shift: Math.abs(shiftSigmas), stretch: Math.abs(Math.log(widthFactor)) };
      };
      expect(size(1).shift).toBeGreaterThanOrEqual(size(0.5).shift);
      expect(size(1).stretch).toBeGreaterThanOrEqual(size(0.5).stretch);
      expect(size(1, 2).shift).toBeGreaterThanOrEqual(size(1, 0).shift);
      expect(size(1, 2).stretch).toBeGreaterThanOrEqual(size(1, 0).stretch);
      const { shiftSigmas } = effectOfAnswer(answer, 1);
      expect(Math.sign(shiftSigmas)).toBe(answer.direction);
      const mirrored = answer.direction === 1 ? -1 : answer.direction === -1 ? 1 : 0;
      expect(effectOfAnswer({ ...answer, direction: mirrored }, 1).shiftSigmas).toBe(
        shiftSigmas === 0 ? 0 : -shiftSigmas,
      );
    }
  });

  it('wider is wider than as it is, and that than narrower; a volatile market wider than a calm one', () => {
    const factor = (change: Partial<OpinionAnswer>) =>
      effectOfAnswer({ direction: 0, confidence: 2, regime: 0, width: 1, ...change }, 1).widthFactor;
    expect(factor({})).toBe(1);
    expect(factor({ regime: 2 })).toBe(1);
    expect(factor({ width: 0 })).toBeLessThan(1);
    expect(factor({ width: 2 })).toBeGreaterThan(1);
    expect(factor({ regime: 1 })).toBeLessThan(1);
    expect(factor({ regime: 3 })).toBeGreaterThan(1);
    expect(factor({ width: 0, regime: 1 })).toBeCloseTo(0.8, 12);
    expect(factor({ width: 2, regime: 3 })).toBeCloseTo(1.5, 12);
  });

  it.each([0, 1] as const)('up is up in dollars with the dollar as token%i', (stable) => {
    const { pool } = sampleObserved({ stable, tickSpacing: 1 }).market;
    const view = { centerLog: Math.log(3000), sigmaLog: 0.01, degreesOfFreedom: 8, weight: 1 };
    const posterior = updatePosterior([view], pool, 1024);
    const up = applyOpinion(posterior, { shiftSigmas: 0.25, widthFactor: 1.5 }, pool);
    const [before, after] = [optimiseRange(posterior, pool, 0.9), optimiseRange(up, pool, 0.9)];
    expect(after.upperUsdE6).toBeGreaterThan(before.upperUsdE6);
    expect((after.upperUsdE6 + after.lowerUsdE6) / 2).toBeGreaterThan((before.upperUsdE6 + before.lowerUsdE6) / 2);
    const width = (range: typeof before) => Math.log(range.upperUsdE6 / range.lowerUsdE6);
    expect(width(after) / width(before)).toBeCloseTo(1.5, 1);
    expect(massWithin(up, after)).toBeCloseTo(after.mass, 9);
  });
});

it('keeps all mass, and the usable ticks, whatever the posterior', () => {
  const anyMasses = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 })
    .filter((m) => m.some(Boolean));
  const { pool } = sampleObserved({ stable: 1, tickSpacing: 60 }).market;
  fc.assert(
    fc.property(
      anyMasses,
      fc.constantFrom(-887_220, 0, 887_220 - 40 * 60),
      fc.double({ min: -0.25, max: 0.25, noNaN: true }),
      fc.double({ min: 0.8, max: 1.5, noNaN: true }),
      (counts, firstTick, shiftSigmas, widthFactor) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const masses = Float64Array.from(counts, (count) => count / total);
        const posterior = { firstTick, binTicks: 60, masses, centerLog: 0, sigmaLog: 0.05 };
        const moved = applyOpinion(posterior, { shiftSigmas, widthFactor }, pool);
        expect(moved.masses.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 9);
        expect(moved.masses.every((mass) => mass >= 0)).toBe(true);
        expect(moved.firstTick).toBeGreaterThanOrEqual(-887_220);
        expect(moved.firstTick + 60 * moved.masses.length).toBeLessThanOrEqual(887_220);
        expect(moved.firstTick % 60 === 0).toBe(true);
      },
    ),
  );
});
