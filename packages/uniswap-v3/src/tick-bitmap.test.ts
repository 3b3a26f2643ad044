import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cloneTickBitmap,
  createTickBitmap,
  flipTick,
  isInitialized,
  nextInitializedTickWithinOneWord,
} from './tick-bitmap.ts';
import { MAX_TICK, MIN_TICK } from './tick-math.ts';

function bitmapOf(spacing: number, ticks: Iterable<number>) {
  const bitmap = createTickBitmap(spacing);
  for (const tick of ticks) flipTick(bitmap, tick);
  return bitmap;
}

/** The contract's words told in plain steps: walk one grid tick at a time until a set tick or the end of the word. */
function walk(ticks: ReadonlySet<number>, spacing: number, tick: number, lte: boolean): number {
  let compressed = Math.floor(tick / spacing) + (lte ? 0 : 1);
  const end = lte ? Math.floor(compressed / 256) * 256 : Math.floor(compressed / 256) * 256 + 255;
  while (compressed !== end && !ticks.has(compressed * spacing + 0)) compressed += lte ? -1 : 1;
  return compressed * spacing + 0;
}

// The ticks of v3-core's TickBitmap tests.
const initialized = [-200, -55, -4, 70, 78, 84, 139, 240, 535];

describe('nextInitializedTickWithinOneWord', () => {
  it.each([
    [78, 84],
    [-55, -4],
    [77, 78],
    [-56, -55],
    [255, 511],
    [-257, -200],
    [508, 511],
    [383, 511],
  ])('upward from %i answers %i as v3-core', (from, to) => {
    expect(nextInitializedTickWithinOneWord(bitmapOf(1, initialized), from, false)).toBe(to);
  });

  it.each([
    [78, 78],
    [79, 78],
    [258, 256],
    [256, 256],
    [72, 70],
    [-257, -512],
    [1023, 768],
    [900, 768],
  ])('downward from %i answers %i as v3-core', (from, to) => {
    expect(nextInitializedTickWithinOneWord(bitmapOf(1, initialized), from, true)).toBe(to);
  });

  it('equals a walk along the grid for any ticks and spacing', () => {
    const around = fc.integer({ min: -1200, max: 1200 });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 10, 60, 200),
        fc.uniqueArray(around),
        around,
        fc.nat(199),
        fc.boolean(),
        (spacing, grid, at, offset, lte) => {
          const ticks = new Set(grid.map((compressed) => compressed * spacing + 0));
          const tick = at * spacing + (offset % spacing);
          const next = nextInitializedTickWithinOneWord(bitmapOf(spacing, ticks), tick, lte);
          expect(next).toBe(walk(ticks, spacing, tick, lte));
          expect(isInitialized(bitmapOf(spacing, ticks), next)).toBe(ticks.has(next));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([1, 10, 60, 200, 16383])('has room for both ends at spacing %i', (spacing) => {
    const low = Math.ceil(MIN_TICK / spacing) * spacing;
    const bitmap = bitmapOf(spacing, [low, -low]);
    expect(nextInitializedTickWithinOneWord(bitmap, low, true)).toBe(low);
    expect(nextInitializedTickWithinOneWord(bitmap, -low - 1, false)).toBe(-low);
    expect(nextInitializedTickWithinOneWord(bitmap, MIN_TICK - 1, true)).toBeLessThan(low);
    expect(nextInitializedTickWithinOneWord(bitmap, MAX_TICK, false)).toBeGreaterThan(-low);
  });
});

describe('flipTick', () => {
  it('sets a bit and clears it again, in its own bitmap alone', () => {
    const bitmap = bitmapOf(10, [-20]);
    const other = cloneTickBitmap(bitmap);
    flipTick(bitmap, -20);
    expect([isInitialized(bitmap, -20), isInitialized(other, -20), isInitialized(other, -25)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('refuses ticks off the grid or out of reach, and spacings no pool has', () => {
    expect(() => flipTick(createTickBitmap(10), 5)).toThrow(RangeError);
    expect(() => flipTick(createTickBitmap(1), MAX_TICK + 1)).toThrow(RangeError);
    for (const spacing of [0, -1, 16384, 1.5]) expect(() => createTickBitmap(spacing)).toThrow(RangeError);
  });
});
