import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { voteRegime } from './vote-regime.ts';

const settings = { calmBelowAnnual: 0.6, volatileAboveAnnual: 1.2 };
const perStep = (annual: number) => annual * Math.sqrt(300 / (365 * 86_400));
/** So many candles that go up (+) and down (-) in a pattern, each by a step of this volatility. */
const walk = (annual: number, pattern: string, count = 120) => {
  let log = Math.log(3000);
  return Array.from({ length: count }, (_, index) => {
    log += perStep(annual) * (pattern[index % pattern.length] === '+' ? 1 : -1);
    return Math.exp(log);
  });
};
const voteOf = (closesUsd: readonly number[]) => {
  const { name, votes } = voteRegime(sampleObserved({ closesUsd }), settings);
  return { name, votes: votes.map(({ vote }) => vote), values: votes.map(({ value }) => value) };
};

describe('the regime of a pool', () => {
  it('is calm when it moves little and most candles rise', () => {
    const found = voteOf(walk(0.3, '+++-'));
    expect(found).toMatchObject({ name: 'calm', votes: ['calm', 'calm', 'calm'] });
    expect(found.values[0]).toBeCloseTo(0.3, 3);
    expect(found.values[1]).toBe(1);
  });

  it('is volatile when it moves much and falls', () => {
    expect(voteOf(walk(2, '---+'))).toMatchObject({ name: 'volatile', votes: ['volatile', 'volatile', 'volatile'] });
  });

  it('is what two of three say', () => {
    expect(voteOf(walk(0.9, '+++-'))).toMatchObject({ name: 'calm', votes: ['normal', 'calm', 'calm'] });
    expect(voteOf(walk(0.9, '+-'))).toMatchObject({ name: 'normal', votes: ['normal', 'normal', 'normal'] });
    expect(voteOf(walk(0.3, '+-'))).toMatchObject({ name: 'normal', votes: ['calm', 'normal', 'normal'] });
    // A fall that has just turned: few candles lie above their mean yet, while the last ones rise.
    const fall = walk(0.9, '-');
    const turned = voteOf([...fall, ...walk(0.9, '+', 12).map((close) => (close / 3000) * (fall.at(-1) ?? 0))]);
    expect(turned).toMatchObject({ name: 'normal', votes: ['normal', 'volatile', 'calm'] });
  });

  it.each([0, 1, 5])('is normal with %i candles, and says that nothing was measured', (count) => {
    expect(voteOf(walk(3, '+', count))).toMatchObject({ name: 'normal', values: [null, null, null] });
  });

  it('passes over a price of nothing and a market that stands still', () => {
    expect(voteOf([...walk(0.9, '+-', 30), 0, ...walk(0.9, '+-', 30)]).values[0]).toBeCloseTo(0.9, 2);
    expect(voteOf(Array(60).fill(3000)).values).toEqual([0, 0, null]);
  });

  it('carries the thresholds, on whichever side calm lies', () => {
    const { votes } = voteRegime(sampleObserved(), settings);
    expect(votes.map(({ indicator, calmAt, volatileAt }) => [indicator, calmAt, volatileAt])).toEqual([
      ['realised-volatility', 0.6, 1.2],
      ['share-above-mean', 0.7, 0.3],
      ['breadth-thrust', 0.615, 0.4],
    ]);
  });
});
