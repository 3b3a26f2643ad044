import { explainSwap } from './explain-swap.ts';
import { type Gap, learnPool, newbornPool, type PoolTerms } from './learn-pool.ts';
import { changeTicks } from './pool-liquidity.ts';
import { type Difference, type PoolEvent, replayEvent, type SwapEvent } from './pool-replay.ts';
import { clonePool, type Pool } from './pool-state.ts';

/** An event that does not follow from the ones before it: one before it is missing, doubled or altered, or it is itself. */
export type FeedBreak = Difference & {
  /** The event's place in the sequence given. */
  readonly index: number;
  readonly kind: PoolEvent['kind'];
};

/** What is true of a sequence of a pool's events. */
export type FeedReport = {
  readonly swaps: number;
  /** Swaps that follow to the wei from the state before them. */
  readonly followed: number;
  /** Of these, swaps that told something of the ticks which nothing else told: see `explainSwap`. */
  readonly telling: number;
  /** Events before the pool's state was known; nothing is said about them. */
  readonly unchecked: number;
  readonly breaks: readonly FeedBreak[];
  /** The pool after the last event; undefined when nothing was ever known of it. */
  readonly pool: Pool | undefined;
};

/** A check on its way, event by event. */
export type FeedCheck = {
  pool: Pool;
  /** False from a break to the next swap: nobody knows the price. */
  isSure: boolean;
  swaps: number;
  followed: number;
  telling: number;
  breaks: readonly FeedBreak[];
  /** Liquidity that nobody told; empty where the pool was known from the beginning. */
  gaps: readonly Gap[];
  /** Whether ticks without net liquidity may be initialized though nobody said so. */
  readonly isLearnt: boolean;
  /** Events from this place on are checked; of earlier ones only what they did to ticks is followed. */
  readonly from: number;
};

/**
 * Holds every event against the state the ones before it lead to: each swap chained to the one before, each mint's and
 * burn's amounts to the price. Given the pool before the events everything is checked and the pool is moved; given its
 * terms alone, the ticks are learnt from where swaps ended, and the check begins after the first swap. After a break it
 * goes on from the next swap. `onChecked` sees the pool after each event.
 */
export function checkFeed(
  events: readonly PoolEvent[],
  start: Pool | PoolTerms,
  onChecked?: (index: number, pool: Pool) => void,
): FeedReport {
  const swaps = events.filter(({ kind }) => kind === 'swap').length;
  const check = beginCheck(events, start);
  if (check === undefined) {
    return { swaps, followed: 0, telling: 0, unchecked: events.length, breaks: [], pool: undefined };
  }
  events.forEach((event, index) => {
    checkEvent(check, event, index);
    onChecked?.(index, check.pool);
  });
  const { followed, telling, breaks, pool, from } = check;
  return { swaps, followed, telling, unchecked: from, breaks, pool };
}

/** As `checkFeed`, before the first event. Undefined when the pool is unknown and no swap tells anything of it. */
export function beginCheck(events: readonly PoolEvent[], start: Pool | PoolTerms): FeedCheck | undefined {
  const nothing = { isSure: true, swaps: 0, followed: 0, telling: 0, breaks: [] };
  const known = 'bitmap' in start ? start : newbornPool(events, start);
  if (known !== undefined) return { ...nothing, pool: known, gaps: [], isLearnt: false, from: 0 };
  const learnt = learnPool(events, start);
  if (learnt === undefined) return undefined;
  const { pool, gaps, firstSwap } = learnt;
  return { ...nothing, pool, gaps, isLearnt: true, from: firstSwap + 1 };
}

/** A check of its own at the same place, to try what follows. */
export function cloneCheck(check: FeedCheck): FeedCheck {
  return { ...check, pool: clonePool(check.pool) };
}

/** Checks the next event; `index` is its place. A break is added to `check.breaks`. */
export function checkEvent(check: FeedCheck, event: PoolEvent, index: number): void {
  if (event.kind === 'swap') check.swaps++;
  if (index < check.from) followUnchecked(check.pool, event);
  else if (event.kind === 'swap') checkSwap(check, event, index);
  else if (!check.isSure) followUnchecked(check.pool, event);
  else checkOther(check, event, index);
}

function checkSwap(check: FeedCheck, event: SwapEvent, index: number): void {
  if (!check.isSure) {
    resume(check, event);
    return;
  }
  const difference = replayEvent(check.pool, event);
  if (difference === undefined) {
    check.followed++;
    return;
  }
  const gaps = check.isLearnt ? explainSwap(check.pool, event, check.gaps) : undefined;
  if (gaps !== undefined) {
    check.gaps = gaps;
    check.followed++;
    check.telling++;
    return;
  }
  addBreak(check, event, index, difference);
  resume(check, event);
}

function checkOther(check: FeedCheck, event: PoolEvent, index: number): void {
  const difference = replayEvent(check.pool, event);
  if (difference === undefined) return;
  addBreak(check, event, index, difference);
  if (event.kind !== 'mint' && event.kind !== 'burn') return;
  followUnchecked(check.pool, event);
  check.isSure = false;
}

function addBreak(check: FeedCheck, { kind }: PoolEvent, index: number, difference: Difference): void {
  check.breaks = [...check.breaks, { index, kind, ...difference }];
  // From here on nobody knows what fees a position is owed.
  check.pool = { ...check.pool, knowsPositions: false };
}

/** Takes the pool's state over from what a swap says. */
function resume(check: FeedCheck, { sqrtPriceX96, tick, liquidity }: SwapEvent): void {
  Object.assign(check.pool, { sqrtPriceX96, tick, liquidity });
  check.isSure = true;
}

/** What is certain of an event though the price is not: what it does to ticks. */
function followUnchecked(pool: Pool, event: PoolEvent): void {
  if (event.kind === 'mint') changeTicks(pool, event, event.liquidity);
  if (event.kind === 'burn') changeTicks(pool, event, -event.liquidity);
}
