import { abs, smallerOf } from './full-math.ts';
import type { Gap } from './learn-pool.ts';
import { moveNet } from './learnt-ticks.ts';
import { MAX_INT256, replayEvent, type SwapEvent } from './pool-replay.ts';
import { type Pool, PoolRevert } from './pool-state.ts';
import { type ComputedSwap, computeSwap, type SwapOrder } from './pool-swap.ts';

/** More than any cell holds, and far below what overflows. */
const MOST_LIQUIDITY = 1n << 100n;
/** Values within this part of one another are the same: a millionth. */
const NEAR = 1_000_000n;
/** How many levels are tried between the bounds that a swap's amounts leave: its rounding hides the rest. */
const TRIES = 200n;

/**
 * Finds the liquidity in a gap that makes a swap across it follow to the wei, and carries the pool through the swap. With
 * one unknown cell the swap's end tells it to the unit and its amounts prove it; with two, end and amounts together tell
 * them, to the rounding, and each further swap must find the same. Wider gaps are beyond what a swap can tell: only one
 * step somewhere is tried. Answers the gap as it is known now, or undefined, with the pool as it was.
 */
export function fillGap(pool: Pool, event: SwapEvent, gap: Gap): Gap | undefined {
  for (const levels of candidates(pool, event, gap)) {
    if (gap.isTold && !levels.every((level, index) => isNear(level, gap.levels[index] ?? 0n))) continue;
    placeLevels(pool, gap, levels);
    if (replayEvent(pool, event) === undefined) return { ...gap, levels, isTold: true };
    placeLevels(pool, { ...gap, levels }, gap.levels);
  }
  return undefined;
}

function isNear(value: bigint, other: bigint): boolean {
  return abs(value - other) * NEAR <= other;
}

/** Levels of the gap's cells that are worth trying, likeliest first. */
function* candidates(pool: Pool, event: SwapEvent, gap: Gap): Generator<readonly bigint[]> {
  const cells = gap.levels.length;
  for (let same = 0; same <= cells && !gap.isTold; same++) {
    yield gap.levels.map((_, index) => (index < same ? gap.before : gap.after));
  }
  for (const order of ordersOf(event)) {
    if (cells === 1) yield [levelThatEndsAt(pool, event, order, gap, (x) => [x])];
    if (cells === 2) yield* pairsThatPay(pool, event, order, gap);
  }
  // A swap that ended at its price limit: then what it took tells the level.
  if (cells === 1)
    for (const amount of ['amount0', 'amount1'] as const) yield [levelThatTakes(pool, event, amount, gap)];
}

/**
 * Pairs of levels that bring the swap where it ended for what it paid, spread over all that do. `order` specifies one of
 * its amounts; the other one tells how the liquidity lies in the two cells.
 */
function* pairsThatPay(pool: Pool, event: SwapEvent, order: SwapOrder, gap: Gap): Generator<readonly bigint[]> {
  const other = order.amountSpecified === event.amount0 ? 'amount1' : 'amount0';
  const said = event[other];
  const pairOf = (first: bigint) => [first, levelThatEndsAt(pool, event, order, gap, (x) => [first, x])] as const;
  // The same way through more of the lower cell takes or gives more of token 0 and less of token 1.
  const isPast = (first: bigint, amount: bigint) => {
    const computed = withLevels(pool, gap, pairOf(first), () => swapOf(pool, order));
    // With this much in the lower cell no liquidity of the upper one brings the swap where it ended.
    if (computed === undefined || !isNear(computed.sqrtPriceX96, event.sqrtPriceX96)) return true;
    return order.zeroForOne ? computed[other] >= amount : computed[other] <= amount;
  };
  const least = halve(gap, 0, (first) => isPast(first, said));
  const most = halve(gap, 0, (first) => isPast(first, order.zeroForOne ? said + 1n : said - 1n));
  const steps = smallerOf(TRIES, most - least);
  for (let at = 0n; at < steps; at++) yield pairOf(least + ((most - least) * at) / steps);
}

/** The level with which the swap ends where it said: the more liquidity a swap meets, the less it moves the price. */
function levelThatEndsAt(
  pool: Pool,
  event: SwapEvent,
  order: SwapOrder,
  gap: Gap,
  levelsOf: (level: bigint) => readonly bigint[],
): bigint {
  return halve(gap, gap.levels.length - 1, (level) => {
    const end = withLevels(pool, gap, levelsOf(level), () => swapOf(pool, order))?.sqrtPriceX96;
    return end !== undefined && (order.zeroForOne ? end >= event.sqrtPriceX96 : end <= event.sqrtPriceX96);
  });
}

/** The level with which the swap takes or gives so much on its way to its price limit: more liquidity, more of both. */
function levelThatTakes(pool: Pool, event: SwapEvent, amount: 'amount0' | 'amount1', gap: Gap): bigint {
  const zeroForOne = event.amount0 > 0n;
  const order = { zeroForOne, amountSpecified: MAX_INT256, sqrtPriceLimitX96: event.sqrtPriceX96 };
  return halve(gap, 0, (level) => {
    const computed = withLevels(pool, gap, [level], () => swapOf(pool, order));
    return computed !== undefined && abs(computed[amount]) >= abs(event[amount]);
  });
}

/** The least liquidity of a gap's cell for which something is true that is true for all above it; near what was told. */
function halve(gap: Gap, cell: number, isTrue: (liquidity: bigint) => boolean): bigint {
  const told = gap.isTold ? (gap.levels[cell] ?? 0n) : undefined;
  let low = told === undefined ? 0n : told - told / NEAR;
  let high = told === undefined ? MOST_LIQUIDITY : told + told / NEAR;
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (isTrue(middle)) high = middle;
    else low = middle + 1n;
  }
  return low;
}

function ordersOf({ amount0, amount1 }: SwapEvent): SwapOrder[] {
  const amounts = [amount0, amount1].filter((amount) => amount !== 0n);
  return amounts.map((amountSpecified) => ({ zeroForOne: amount0 > 0n, amountSpecified }));
}

/** The swap; undefined where there is not even liquidity for it. */
function swapOf(pool: Pool, order: SwapOrder): ComputedSwap | undefined {
  try {
    return computeSwap(pool, order);
  } catch (error) {
    if (error instanceof PoolRevert || error instanceof RangeError) return undefined;
    throw error;
  }
}

function withLevels<T>(pool: Pool, gap: Gap, levels: readonly bigint[], ask: () => T): T {
  placeLevels(pool, gap, levels);
  const answer = ask();
  placeLevels(pool, { ...gap, levels }, gap.levels);
  return answer;
}

/** Moves the ticks of a gap from its present levels to others. */
function placeLevels(pool: Pool, gap: Gap, levels: readonly bigint[]): void {
  let moved = 0n;
  gap.levels.forEach((level, index) => {
    const change = (levels[index] ?? level) - level;
    moveNet(pool, gap.firstCell + index * pool.tickSpacing, change - moved);
    moved = change;
  });
  moveNet(pool, gap.firstCell + gap.levels.length * pool.tickSpacing, -moved);
}
