import {
  decodeEvent,
  encodeEvent,
  marketObserved,
  type Opinion,
  priorComputed,
  recommendation,
} from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { sampleObserved } from '../test/sample-observed.ts';
import { applyOpinion, effectOfAnswer } from './apply-opinion.ts';
import { signalSettings } from './config.ts';
import { pooledPosterior } from './recommend.ts';
import { recompute } from './recompute.ts';

const settings = { ...signalSettings.parse({}), blockTimeS: 12 };
const none: Opinion = { kind: 'none', reason: 'no-key', detail: 'no key' };
const given = (weight: number): Opinion => ({
  kind: 'given',
  answer: { direction: 1, confidence: 2, regime: 3, width: 2 },
  ...{ weight, model: 'a-model', promptHash: 'a'.repeat(64), callId: 'call' },
});
const origin = { source: 'rangeward/test', time: '2026-01-05T00:00:00.000Z' };

/** Returns that no short decimal stands for: a bit lost on the wire would show. */
const closesUsd = Array.from({ length: 288 }, (_, index) => 3000 * Math.exp(0.003 * Math.sin(index * index * 0.37)));

describe('a run recomputed from its events, which went over the wire', () => {
  it.each([
    ['scheduled', none, 0],
    ['volatility', none, 1],
    ['scheduled', given(0), 1],
    ['manual', given(0.37), 0],
    ['volatility', given(1), 1],
  ] as const)('is the same bit for bit: %s, %o, dollar as token%i', (trigger, opinion, stable) => {
    const observed = sampleObserved({ trigger, stable, closesUsd });
    const made = recompute(observed, settings, opinion);
    const seen = decodeEvent(marketObserved, encodeEvent(marketObserved, observed, origin)).data;
    const said = decodeEvent(recommendation, encodeEvent(recommendation, made.recommendation, origin)).data;
    if (said.settings === undefined || said.opinion === undefined) throw new Error('a recommendation carries both');
    const again = recompute(seen, said.settings, said.opinion);
    const priorEvent = encodeEvent(priorComputed, { run: observed.run, prior: made.prior }, origin);
    expect(again.prior).toStrictEqual(decodeEvent(priorComputed, priorEvent).data.prior);
    expect(again.recommendation).toStrictEqual(said);
    expect(again.recommendation).toStrictEqual(made.recommendation);
  });

  it('has the posterior of which the range was cut, from the recommendation alone', () => {
    const { recommendation: said } = recompute(sampleObserved({ closesUsd }), settings, given(1));
    const { prior, likelihood, market, opinionEffect, opinion } = said;
    const own = pooledPosterior({ prior, likelihood, settings, pool: market.pool });
    if (opinionEffect === undefined || opinion?.kind !== 'given') throw new Error('an opinion was given');
    expect(opinionEffect).toEqual(effectOfAnswer(opinion.answer, opinion.weight));
    const moved = applyOpinion(own, opinionEffect, market.pool);
    expect(moved.centerLog).toBe(said.posterior.centerLog);
    expect(moved.sigmaLog).toBe(said.posterior.sigmaLog);
  });
});

describe('what an opinion changes in a recommendation', () => {
  const observed = sampleObserved({ closesUsd });
  const without = recompute(observed, settings, none).recommendation;

  it('is nothing but its own mention at weight 0', () => {
    const shadow = recompute(observed, settings, given(0)).recommendation;
    expect({ ...shadow, opinion: none }).toStrictEqual(without);
    expect(shadow).not.toHaveProperty('rangeWithoutOpinion');
  });

  it('is centre and width, with the range as it would have been beside it', () => {
    const bold = recompute(observed, settings, given(1)).recommendation;
    expect(bold.rangeWithoutOpinion).toStrictEqual(without.range);
    expect(bold.range).not.toEqual(without.range);
    expect((bold.posterior.centerLog - without.posterior.centerLog) / without.posterior.sigmaLog).toBeCloseTo(0.25, 9);
    expect(bold.posterior.sigmaLog / without.posterior.sigmaLog).toBeCloseTo(1.5, 9);
    expect(bold.prior).toStrictEqual(without.prior);
    expect(bold.likelihood).toStrictEqual(without.likelihood);
  });
});

it('carries no setting that is not of the view: what a person keeps secret cannot come along', () => {
  const more = { ...settings, anthropicApiKey: 'not-for-anyone' };
  const made = recompute(sampleObserved(), more, none).recommendation;
  const wire = new TextDecoder().decode(encodeEvent(recommendation, made, origin).body);
  expect(wire).toContain('priorReturns');
  expect(wire).not.toContain('not-for-anyone');
});
