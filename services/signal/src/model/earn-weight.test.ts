import type { OpinionAnswer } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { effectOfAnswer } from '../apply-opinion.ts';
import { earnWeight, type ScoredOpinion } from './earn-weight.ts';
import { scoreOpinion } from './score-opinion.ts';

const HOUR_MS = 3_600_000;
const SIGMA = 0.006;

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal with a heavy tail: one in twenty is three times as wild. */
function moveFrom(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return normal * (random() < 0.05 ? 3 : 1);
}

type Answerer = (move: number, random: () => number) => OpinionAnswer;
const answer = (direction: -1 | 0 | 1, width: 0 | 1 | 2 = 1, regime: 0 | 1 | 2 | 3 = 0): OpinionAnswer => ({
  direction,
  confidence: 2,
  regime,
  width,
});

/** A record of runs, each an hour after the other, by someone who may even know what is going to happen. */
function recordOf(answerer: Answerer, runs: number, seed: number): ScoredOpinion[] {
  const random = randomFrom(seed);
  return Array.from({ length: runs }, (_, index) => {
    const move = moveFrom(random);
    const { shiftSigmas, widthFactor } = effectOfAnswer(answerer(move, random), 1);
    const scores = scoreOpinion(
      {
        from: '',
        horizonEnd: '',
        spotLog: 8,
        degreesOfFreedom: 8,
        without: { centerLog: 8, sigmaLog: SIGMA },
        full: { centerLog: 8 + shiftSigmas * SIGMA, sigmaLog: SIGMA * widthFactor },
      },
      8 + move * SIGMA,
    );
    if (scores === null) throw new Error('it had an opinion');
    return { fromMs: index * HOUR_MS, outcomeAtMs: (index + 1) * HOUR_MS, ...scores };
  });
}

/** The weight before each run, from the runs before it, as the service sees it. */
function weightsOf(record: readonly ScoredOpinion[]): number[] {
  return record.map((_, index) => earnWeight(record.slice(0, index), 1).weight);
}

const knowing: Answerer = (move) => answer(move > 0 ? 1 : -1);
const wrong: Answerer = (move) => answer(move > 0 ? -1 : 1);
const guessing: Answerer = (_, random) => answer(random() < 0.5 ? 1 : -1);

describe('what a record earns', () => {
  it('is nothing before a hundred opinions count, and then full weight for who knows the direction', () => {
    const record = recordOf(knowing, 400, 1);
    const weights = weightsOf(record);
    expect(weights.slice(0, 100).every((weight) => weight === 0)).toBe(true);
    expect(earnWeight(record, 1).weight).toBe(1);
    expect(earnWeight(record, 0.3).weight).toBe(0.3);
    expect(earnWeight(record, 0).weight).toBe(0);
  });

  it('grows step by step', () => {
    const weights = weightsOf(recordOf((move, random) => (random() < 0.75 ? knowing : wrong)(move, random), 1_000, 2));
    const first = weights.findIndex((weight) => weight > 0);
    expect(first).toBeGreaterThan(100);
    expect(weights[first]).toBeLessThan(0.2);
    expect(weights.at(-1)).toBeGreaterThan(weights[first] ?? 1);
  });

  it('is lost at once when the newest opinions do harm', () => {
    const good = recordOf(knowing, 400, 3);
    const bad = recordOf(wrong, 30, 4).map((one, index) => ({
      ...one,
      fromMs: (400 + index) * HOUR_MS,
      outcomeAtMs: (401 + index) * HOUR_MS,
    }));
    expect(earnWeight([...good, ...bad], 1)).toMatchObject({ weight: 0, why: expect.stringContaining('no good') });
  });

  it('counts no two opinions on the same move', () => {
    const record = recordOf(knowing, 100, 5).flatMap((one) =>
      Array.from({ length: 12 }, (_, part) => ({
        ...one,
        fromMs: one.fromMs + part * 300_000,
        outcomeAtMs: one.outcomeAtMs + part * 300_000,
      })),
    );
    const standing = earnWeight(record, 1);
    expect(standing.scored).toBe(1_200);
    expect(standing.counted).toBeLessThanOrEqual(101);
  });

  it('says why', () => {
    expect(earnWeight([], 1)).toMatchObject({ weight: 0, counted: 0, leastGain: null });
    expect(earnWeight(recordOf(guessing, 300, 6), 1).why).toMatch(/not certain|no good/);
  });
});

describe('adversaries over 1,000 runs', () => {
  const adversaries: [string, Answerer][] = [
    ['always wrong about the direction', wrong],
    ['always up, with all its might', () => answer(1, 1, 2)],
    ['always as narrow as can be', () => answer(0, 0, 1)],
    ['always as wide as can be', () => answer(0, 2, 3)],
    ['guessing', guessing],
    ['any of its answers, at random', (_, random) => answer(random() < 0.5 ? 1 : -1, random() < 0.5 ? 0 : 2, 0)],
  ];

  it.each(adversaries)('%s: never any weight, so nothing is lost', (_, answerer) => {
    for (const seed of [11, 12, 13]) {
      const record = recordOf(answerer, 1_000, seed);
      const weights = weightsOf(record);
      expect(Math.max(...weights)).toBe(0);
    }
  });

  it('who earns a name first and is wrong ever after: what it can cost is bounded, and soon nothing more', () => {
    const record = [...recordOf(knowing, 500, 21), ...recordOf(wrong, 500, 22)].map((one, index) => ({
      ...one,
      fromMs: index * HOUR_MS,
      outcomeAtMs: (index + 1) * HOUR_MS,
    }));
    const weights = weightsOf(record);
    const turned = weights.slice(500);
    const weighed = turned.filter((weight) => weight > 0).length;
    expect(weights[500]).toBe(1);
    expect(weighed).toBeLessThan(30);
    // Log score lost while it was still believed, at most as if it had full weight.
    const lost = record.slice(500, 500 + weighed).reduce((sum, { full, without }) => sum + without.log - full.log, 0);
    expect(lost).toBeLessThan(10);
    expect(turned.slice(40).every((weight) => weight === 0)).toBe(true);
  });
});
