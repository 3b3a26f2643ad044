import { MAX_TICK, MIN_TICK } from './tick-math.ts';

/**
 * Which ticks of a pool are initialized: one bit per usable tick, in the chain's words of 256 ticks.
 * Each word is eight 32-bit cells of one flat array, so that a search is a few integer operations and no bigint.
 */
export type TickBitmap = {
  readonly tickSpacing: number;
  /** The number of the chain's word that the array begins with. */
  readonly firstWord: number;
  readonly cells: Int32Array;
};

const CELLS_PER_WORD = 8;

/** An empty bitmap for a pool of this spacing, one word wider than the usable ticks at both ends. */
export function createTickBitmap(tickSpacing: number): TickBitmap {
  if (!Number.isInteger(tickSpacing) || tickSpacing <= 0 || tickSpacing >= 16384) {
    throw new RangeError(`tick spacing must be an integer from 1 to 16383, got ${tickSpacing}`);
  }
  const firstWord = (Math.floor(MIN_TICK / tickSpacing) >> 8) - 1;
  const lastWord = (Math.floor(MAX_TICK / tickSpacing) >> 8) + 1;
  return { tickSpacing, firstWord, cells: new Int32Array((lastWord - firstWord + 1) * CELLS_PER_WORD) };
}

/** A bitmap of its own with the same ticks. */
export function cloneTickBitmap(bitmap: TickBitmap): TickBitmap {
  return { ...bitmap, cells: bitmap.cells.slice() };
}

/** Turns a tick's bit over, as v3-core `TickBitmap.flipTick`. RangeError when the tick is not on the grid. */
export function flipTick(bitmap: TickBitmap, tick: number): void {
  if (tick % bitmap.tickSpacing !== 0 || tick < MIN_TICK || tick > MAX_TICK) {
    throw new RangeError(`tick ${tick} is not a usable tick at spacing ${bitmap.tickSpacing}`);
  }
  const bit = bitIndexOf(bitmap, tick / bitmap.tickSpacing);
  bitmap.cells[bit >> 5] = cellAt(bitmap, bit >> 5) ^ (1 << (bit & 31));
}

/** Whether the tick's bit is set; false for a tick between the grid's lines. */
export function isInitialized(bitmap: TickBitmap, tick: number): boolean {
  if (tick % bitmap.tickSpacing !== 0) return false;
  const bit = bitIndexOf(bitmap, tick / bitmap.tickSpacing);
  return (cellAt(bitmap, bit >> 5) & (1 << (bit & 31))) !== 0;
}

/**
 * The next initialized tick at or below `tick` (`lte`), or above it, but no further than the end of its word of 256 grid
 * ticks: then that end, which is not initialized. As v3-core `TickBitmap.nextInitializedTickWithinOneWord`, whose second
 * result is `isInitialized(bitmap, next)`. The answer can lie outside the usable ticks; a swap clamps it.
 */
export function nextInitializedTickWithinOneWord(bitmap: TickBitmap, tick: number, lte: boolean): number {
  const compressed = Math.floor(tick / bitmap.tickSpacing);
  return (lte ? nextAtOrBelow(bitmap, compressed) : nextAtOrAbove(bitmap, compressed + 1)) * bitmap.tickSpacing + 0;
}

function nextAtOrBelow(bitmap: TickBitmap, compressed: number): number {
  const bit = bitIndexOf(bitmap, compressed);
  const wordStart = bit & ~255;
  let cell = bit >> 5;
  // Keep the bits at and below our own; the shift by 31 - n drops those above without a mask of 2^32.
  let found = (cellAt(bitmap, cell) << (31 - (bit & 31))) >>> (31 - (bit & 31));
  while (found === 0 && cell > wordStart >> 5) {
    cell--;
    found = cellAt(bitmap, cell);
  }
  const next = found === 0 ? wordStart : (cell << 5) + 31 - Math.clz32(found);
  return compressed - (bit - next);
}

function nextAtOrAbove(bitmap: TickBitmap, compressed: number): number {
  const bit = bitIndexOf(bitmap, compressed);
  const wordEnd = bit | 255;
  let cell = bit >> 5;
  let found = (cellAt(bitmap, cell) >>> (bit & 31)) << (bit & 31);
  while (found === 0 && cell < wordEnd >> 5) {
    cell++;
    found = cellAt(bitmap, cell);
  }
  // The lowest set bit alone is found & -found.
  const next = found === 0 ? wordEnd : (cell << 5) + 31 - Math.clz32(found & -found);
  return compressed + (next - bit);
}

/** The position of a grid tick's bit in the array, counted from the first word. */
function bitIndexOf(bitmap: TickBitmap, compressed: number): number {
  return compressed - bitmap.firstWord * 256;
}

function cellAt(bitmap: TickBitmap, cell: number): number {
  const bits = bitmap.cells[cell];
  if (bits === undefined) throw new RangeError(`tick outside the bitmap (cell ${cell})`);
  return bits;
}
