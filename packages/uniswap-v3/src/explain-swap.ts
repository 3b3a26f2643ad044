import { fillGap } from './fill-gap.ts';
import type { Gap } from './learn-pool.ts';
import { addTick, removeTick } from './learnt-ticks.ts';
import { replayEvent, type SwapEvent } from './pool-replay.ts';
import type { Pool } from './pool-state.ts';
import { ceilToSpacing } from './tick-grid.ts';

/** How many ticks without net liquidity are tried: more of them explain more than a swap can prove. */
const MOST_SILENT = 40;

/**
 * Explains a swap that does not follow from a learnt pool by what nobody told: liquidity in a gap that it crossed, or ticks
 * on its way that are initialized though nothing is left of them net, so that a step ends there and its fee is rounded
 * once more. Carries the pool through the swap when there is such an explanation, to the wei, and answers the gaps as they
 * are known now; otherwise undefined, and the pool is as it was.
 */
export function explainSwap(pool: Pool, event: SwapEvent, gaps: readonly Gap[]): readonly Gap[] | undefined {
  const [gap, ...more] = gapsCrossed(pool, event, gaps);
  if (gap !== undefined && more.length === 0) {
    const filled = fillGap(pool, event, gap);
    if (filled !== undefined) return gaps.map((other) => (other === gap ? filled : other));
  }
  return findSilentTicks(pool, event) ? gaps : undefined;
}

/** The gaps on a swap's way from the pool's price. */
export function gapsCrossed(pool: Pool, event: SwapEvent, gaps: readonly Gap[]): readonly Gap[] {
  const low = Math.min(pool.tick, event.tick);
  const high = Math.max(pool.tick, event.tick);
  return gaps.filter(
    ({ firstCell, levels }) => firstCell <= high && firstCell + levels.length * pool.tickSpacing > low,
  );
}

function findSilentTicks(pool: Pool, event: SwapEvent): boolean {
  const high = Math.max(pool.tick, event.tick);
  const silent: number[] = [];
  for (
    let tick = ceilToSpacing(Math.min(pool.tick, event.tick), pool.tickSpacing);
    tick <= high && silent.length < MOST_SILENT;
    tick += pool.tickSpacing
  ) {
    if (!pool.ticks.has(tick)) silent.push(tick);
  }
  return (
    silent.some((tick) => followsWithTicks(pool, event, [tick])) ||
    silent.some((tick, index) => silent.slice(index + 1).some((other) => followsWithTicks(pool, event, [tick, other])))
  );
}

function followsWithTicks(pool: Pool, event: SwapEvent, ticks: readonly number[]): boolean {
  for (const tick of ticks) addTick(pool, tick).liquidityGross = 1n;
  if (replayEvent(pool, event) === undefined) return true;
  for (const tick of ticks) removeTick(pool, tick);
  return false;
}
