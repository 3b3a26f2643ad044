import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ceilToSpacing,
  floorToSpacing,
  isInRange,
  isOnGrid,
  nearestOnGrid,
  twapTickRoundingDown,
  usableTicks,
} from './tick-grid.ts';
import { MAX_TICK, MIN_TICK } from './tick-math.ts';

const spacing = fc.oneof(fc.constantFrom(1, 10, 60, 200), fc.integer({ min: 1, max: 16_383 }));
const tick = fc.integer({ min: MIN_TICK, max: MAX_TICK });

describe('the tick grid', () => {
  it('floors toward minus infinity, also below zero', () => {
    expect(floorToSpacing(-1, 10)).toBe(-10);
    expect(floorToSpacing(-10, 10)).toBe(-10);
    expect(floorToSpacing(-11, 10)).toBe(-20);
    expect(floorToSpacing(19, 10)).toBe(10);
    expect(ceilToSpacing(-19, 10)).toBe(-10);
    expect(ceilToSpacing(11, 10)).toBe(20);
  });

  it('never answers minus zero', () => {
    expect(Object.is(ceilToSpacing(-5, 10), 0)).toBe(true);
    expect(Object.is(floorToSpacing(-0, 10), 0)).toBe(true);
    expect(Object.is(nearestOnGrid(-4, 10), 0)).toBe(true);
  });

  it('brackets every tick by two neighbours of the grid', () => {
    fc.assert(
      fc.property(tick, spacing, (at, step) => {
        const low = floorToSpacing(at, step);
        const high = ceilToSpacing(at, step);
        expect(low <= at && at < low + step).toBe(true);
        expect(high - step < at && at <= high).toBe(true);
        expect(Math.abs(nearestOnGrid(at, step) - at)).toBeLessThanOrEqual(step / 2);
        expect(isOnGrid(at, step)).toBe(low === high);
      }),
    );
  });

  it('knows the usable ticks of the usual spacings', () => {
    expect(usableTicks(10)).toEqual({ tickLower: -887270, tickUpper: 887270 });
    expect(usableTicks(60)).toEqual({ tickLower: -887220, tickUpper: 887220 });
    expect(usableTicks(200)).toEqual({ tickLower: -887200, tickUpper: 887200 });
    expect(isOnGrid(887280, 10)).toBe(false);
    expect(isOnGrid(0.5, 1)).toBe(false);
  });

  it('counts the lower bound in and the upper bound out', () => {
    const range = { tickLower: -20, tickUpper: 10 };
    expect([-21, -20, -1, 9, 10].map((at) => isInRange(at, range))).toEqual([false, true, true, true, false]);
  });

  it.each([0, -10, 2.5, Number.NaN])('refuses the spacing %d', (step) => {
    expect(() => floorToSpacing(5, step)).toThrow(RangeError);
    expect(() => ceilToSpacing(5, step)).toThrow(RangeError);
  });
});

describe('twapTickRoundingDown', () => {
  it('rounds toward minus infinity', () => {
    expect(twapTickRoundingDown(-7n, 2)).toBe(-4);
    expect(twapTickRoundingDown(-8n, 2)).toBe(-4);
    expect(twapTickRoundingDown(7n, 2)).toBe(3);
    expect(twapTickRoundingDown(0n, 60)).toBe(0);
  });

  it('is the floor of the exact quotient', () => {
    fc.assert(
      fc.property(fc.bigInt(-(1n << 55n), 1n << 55n), fc.integer({ min: 70_000, max: 1 << 30 }), (delta, seconds) => {
        const at = BigInt(twapTickRoundingDown(delta, seconds));
        expect(at * BigInt(seconds) <= delta && delta < (at + 1n) * BigInt(seconds)).toBe(true);
      }),
    );
  });

  it('refuses a span without time', () => {
    expect(() => twapTickRoundingDown(5n, 0)).toThrow(RangeError);
  });
});
