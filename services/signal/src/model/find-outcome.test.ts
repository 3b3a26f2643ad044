import { expect, it } from 'vitest';
import { sampleObserved } from '../../test/sample-observed.ts';
import { findOutcome } from './find-outcome.ts';

const first = 1_767_484_800;
const closesUsd = Array.from({ length: 24 }, (_, index) => 3000 + index);

/** 24 candles of five minutes, seen when they were over. */
function seen(minutesAfterFirst = 120, other: { feedComplete?: boolean } = {}) {
  const observed = sampleObserved({ closesUsd });
  const time = new Date((first + minutesAfterFirst * 60) * 1000).toISOString();
  const block = { ...observed.market.block, time };
  return { ...observed, ...other, market: { ...observed.market, block } };
}
const at = (minutes: number) => (first + minutes * 60) * 1000;

it.each([
  ['at the end of a candle', 60, 3011, 0],
  ['within a candle', 62.5, 3011, 150],
  ['just before the end of one', 64.983, 3011, 298],
])('is the close of the last candle that was over: %s', (_, minutes, priceUsd, earlyS) => {
  expect(findOutcome(seen(), at(minutes))).toEqual({
    at: new Date(at(60)).toISOString(),
    priceUsdE6: priceUsd * 1e6,
    earlyS,
  });
});

it('is the same whichever later observation is looked into', () => {
  const whole = seen();
  const later = { ...whole, candles: whole.candles.slice(6) };
  expect(findOutcome(later, at(62))).toEqual(findOutcome(whole, at(62)));
});

it('is not known before the horizon, without the candle, or while trades may be missing', () => {
  expect(findOutcome(seen(59), at(60))).toBe('not-yet');
  expect(findOutcome(seen(200), at(190))).toBe('not-yet');
  expect(findOutcome(seen(120, { feedComplete: false }), at(60))).toBe('not-yet');
  expect(findOutcome({ ...seen(), candles: [] }, at(60))).toBe('not-yet');
});

it('will never be known once the candles begin after it', () => {
  const observed = seen();
  expect(findOutcome({ ...observed, candles: observed.candles.slice(14) }, at(60))).toBe('never');
});
