import { beginCheck, checkEvent, checkFeed, cloneCheck, type FeedCheck } from '@rangeward/uniswap-v3/check-feed';
import type { PoolTerms } from '@rangeward/uniswap-v3/learn-pool';
import type { PoolEvent } from '@rangeward/uniswap-v3/pool-replay';
import { floorToSpacing } from '@rangeward/uniswap-v3/tick-grid';

/** What becomes of a swap that is left out: found, or why nothing that is left tells of it. */
export type Removal = {
  readonly index: number;
  readonly outcome: 'found' | 'nothing before it' | 'nothing after it' | 'price did not move' | 'missed';
};

/**
 * Leaves each swap out of the events in turn and says whether the check finds it. What follows a swap is all that can
 * tell of it, so only that is checked again, up to the next swap; where the swap is the only one that ended in its cell,
 * the ticks are learnt anew without it.
 */
export function removeEachSwap(events: readonly PoolEvent[], terms: PoolTerms): Removal[] {
  const check = beginCheck(events, terms);
  if (check === undefined) return [];
  const visits = new Map<number, number>();
  const cellOf = (tick: number) => floorToSpacing(tick, terms.tickSpacing);
  for (const event of events) {
    if (event.kind === 'swap') visits.set(cellOf(event.tick), (visits.get(cellOf(event.tick)) ?? 0) + 1);
  }
  const removals: Removal[] = [];
  events.forEach((event, index) => {
    if (event.kind === 'swap') {
      const isOnly = visits.get(cellOf(event.tick)) === 1;
      removals.push({ index, outcome: outcomeOf(events, terms, check, index, event, isOnly) });
    }
    checkEvent(check, event, index);
  });
  return removals;
}

function outcomeOf(
  events: readonly PoolEvent[],
  terms: PoolTerms,
  check: FeedCheck,
  index: number,
  event: PoolEvent & { readonly kind: 'swap' },
  isOnly: boolean,
): Removal['outcome'] {
  if (index < check.from) return 'nothing before it';
  if (event.sqrtPriceX96 === check.pool.sqrtPriceX96) return 'price did not move';
  const found = isOnly
    ? checkFeed(events.toSpliced(index, 1), terms).breaks.length > 0
    : isFoundNext(events, check, index);
  if (found) return 'found';
  return events.slice(index + 1).some(tellsThePrice) ? 'missed' : 'nothing after it';
}

/** Whether an event up to the next swap does not follow when the one at `index` is missing. */
function isFoundNext(events: readonly PoolEvent[], check: FeedCheck, index: number): boolean {
  const fork = cloneCheck(check);
  const before = fork.breaks.length;
  for (let at = index + 1; at < events.length; at++) {
    const event = events[at];
    if (event === undefined) break;
    checkEvent(fork, event, at);
    if (fork.breaks.length > before) return true;
    if (event.kind === 'swap') return false;
  }
  return false;
}

/** Swaps, and mints and burns that move liquidity: their amounts follow from the price. */
function tellsThePrice(event: PoolEvent): boolean {
  return event.kind === 'swap' || ((event.kind === 'mint' || event.kind === 'burn') && event.liquidity > 0n);
}
