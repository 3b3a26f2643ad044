import type { Opinion } from '@rangeward/contracts';
import { expect, it } from 'vitest';
import { tellEffect, tellOpinion } from './tell-opinion.ts';

const given = (weight: number): Opinion => ({
  kind: 'given',
  answer: { direction: 1, confidence: 2, regime: 0, width: 2 },
  weight,
  model: 'claude-opus-5-5',
  promptHash: '0'.repeat(64),
  callId: 'x',
});

it.each<[Opinion | undefined, string]>([
  [given(0), 'up, high confidence; cannot say; range wider (claude-opus-5-5, recorded only: it has not earned weight)'],
  [given(0.25), 'up, high confidence; cannot say; range wider (claude-opus-5-5, weight 0.25)'],
  [{ kind: 'none', reason: 'no-key', detail: 'there is no key' }, 'no opinion (no-key): there is no key'],
  [undefined, 'nobody was asked in those days'],
])('says what was said and what it counts', (opinion, text) => {
  expect(tellOpinion(opinion)).toBe(text);
});

it('says what it did to the view, if anything', () => {
  expect(tellEffect({ shiftSigmas: 0, widthFactor: 1 })).toBe('');
  expect(tellEffect(undefined)).toBe('');
  expect(tellEffect({ shiftSigmas: -0.125, widthFactor: 1.2 })).toBe(
    ': centre moved by -0.125 standard deviations, width by 1.200',
  );
});
