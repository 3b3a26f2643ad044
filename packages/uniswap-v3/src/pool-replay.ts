import { smallerOf } from './full-math.ts';
import { type Amounts, amountsForLiquidityRoundingDown, amountsForLiquidityRoundingUp } from './liquidity-amounts.ts';
import { burn, burnUnknown, collect, flash, mint, type OwnedRange } from './pool-liquidity.ts';
import { initialize, type Pool, PoolRevert, positionKey, setFeeProtocol } from './pool-state.ts';
import { type ComputedSwap, commitSwap, computeSwap, type SwapOrder, type SwapOutcome } from './pool-swap.ts';
import { getTickAtSqrtRatio } from './tick-math.ts';

/** The largest amount a swap can ask for. */
export const MAX_INT256 = (1n << 255n) - 1n;

/** What a pool logs, in the order of block number and log index. Amounts in wei; a swap's are from the pool's side. */
export type PoolEvent =
  | { readonly kind: 'initialize'; readonly sqrtPriceX96: bigint; readonly tick: number }
  | ({ readonly kind: 'swap' } & SwapOutcome)
  | ({ readonly kind: 'mint' | 'burn'; readonly liquidity: bigint } & OwnedRange & Amounts)
  | ({ readonly kind: 'collect' } & OwnedRange & Amounts)
  | { readonly kind: 'flash'; readonly paid0: bigint; readonly paid1: bigint }
  | { readonly kind: 'set-fee-protocol'; readonly feeProtocol0: number; readonly feeProtocol1: number }
  | { readonly kind: 'collect-protocol'; readonly amount0: bigint; readonly amount1: bigint };

export type SwapEvent = Extract<PoolEvent, { kind: 'swap' }>;

/** An event the pool's state does not lead to: a log is missing, doubled or altered, or the state before was not this one. */
export type Divergence = {
  readonly kind: 'diverged';
  /** The event's place in the sequence given. */
  readonly index: number;
  /** The first field that differs, or 'revert' where the real pool could not have done this at all. */
  readonly field: string;
  /** What the event says. */
  readonly said: string;
  /** What follows from the state before it. */
  readonly follows: string;
};

export type ReplayResult = { readonly kind: 'followed'; readonly events: number } | Divergence;

/** Where an event differs from what follows from the state before it: see `Divergence`. */
export type Difference = { readonly field: string; readonly said: string; readonly follows: string };

/**
 * Carries a pool through recorded events, checking every one to the wei, and stops at the first that does not follow.
 * The pool is then in the state before that event.
 */
export function replayEvents(pool: Pool, events: Iterable<PoolEvent>): ReplayResult {
  let index = 0;
  for (const event of events) {
    const difference = replayEvent(pool, event);
    if (difference !== undefined) return { kind: 'diverged', index, ...difference };
    index++;
  }
  return { kind: 'followed', events: index };
}

/** Carries a pool through one event, or says how the event differs and leaves the pool as it was. */
export function replayEvent(pool: Pool, event: PoolEvent): Difference | undefined {
  try {
    return applyEvent(pool, event);
  } catch (error) {
    // A RangeError comes from arithmetic the chain reverts on as well.
    if (!(error instanceof PoolRevert) && !(error instanceof RangeError)) throw error;
    return { field: 'revert', said: event.kind, follows: error.message };
  }
}

/**
 * The swap behind a Swap event. The event does not say what was asked for, so the three askings that can end where it ends
 * are tried in turn: exact input, exact output, and a price limit that was reached. RangeError or PoolRevert when none is possible.
 */
export function computeSwapOfEvent(pool: Pool, event: SwapOutcome): ComputedSwap {
  let closest: ComputedSwap | undefined;
  let failure: unknown;
  for (const order of ordersOf(pool, event)) {
    try {
      const computed = computeSwap(pool, order);
      if (swapDifference(event, computed) === undefined) return computed;
      closest ??= computed;
    } catch (error) {
      if (!(error instanceof PoolRevert) && !(error instanceof RangeError)) throw error;
      failure ??= error;
    }
  }
  if (closest === undefined) throw failure;
  return closest;
}

function applyEvent(pool: Pool, event: PoolEvent): Difference | undefined {
  switch (event.kind) {
    case 'initialize':
      return applyInitialize(pool, event);
    case 'swap':
      return applySwap(pool, event);
    case 'mint':
    case 'burn':
    case 'collect':
      return applyToPosition(pool, event);
    case 'flash':
      flash(pool, event);
      return undefined;
    case 'set-fee-protocol':
      setFeeProtocol(pool, event.feeProtocol0, event.feeProtocol1);
      return undefined;
    case 'collect-protocol':
      return applyCollectProtocol(pool, event);
    default:
      return event satisfies never;
  }
}

function applyInitialize(pool: Pool, event: Extract<PoolEvent, { kind: 'initialize' }>): Difference | undefined {
  if (pool.sqrtPriceX96 === 0n) {
    const tick = getTickAtSqrtRatio(event.sqrtPriceX96);
    if (tick !== event.tick) return { field: 'tick', said: `${event.tick}`, follows: `${tick}` };
  }
  initialize(pool, event.sqrtPriceX96);
  return undefined;
}

function applySwap(pool: Pool, event: SwapOutcome): Difference | undefined {
  const computed = computeSwapOfEvent(pool, event);
  const difference = swapDifference(event, computed);
  if (difference === undefined) commitSwap(pool, computed);
  return difference;
}

function applyToPosition(
  pool: Pool,
  event: Extract<PoolEvent, { kind: 'mint' | 'burn' | 'collect' }>,
): Difference | undefined {
  // The amounts are worked out first, so that an event that differs leaves the pool as it was.
  const difference = amountsDifference(event, amountsThatFollow(pool, event));
  if (difference !== undefined) return difference;
  if (event.kind === 'mint') mint(pool, event);
  else if (event.kind === 'burn') (isUnknown(pool, event) ? burnUnknown : burn)(pool, event);
  else collect(pool, event);
  return undefined;
}

/** Whether older liquidity than we know of left with this burn. */
function isUnknown(pool: Pool, event: OwnedRange & { readonly liquidity: bigint }): boolean {
  if (pool.knowsPositions) return false;
  const known = pool.positions.get(positionKey(event))?.liquidity ?? 0n;
  return known === 0n || known < event.liquidity;
}

function amountsThatFollow(pool: Pool, event: Extract<PoolEvent, { kind: 'mint' | 'burn' | 'collect' }>): Amounts {
  if (event.kind === 'mint') return amountsForLiquidityRoundingUp({ ...event, sqrtPriceX96: pool.sqrtPriceX96 });
  if (event.kind === 'burn') return amountsForLiquidityRoundingDown({ ...event, sqrtPriceX96: pool.sqrtPriceX96 });
  // What older positions are owed nobody knows: then the event is believed.
  if (!pool.knowsPositions) return event;
  const owed = pool.positions.get(positionKey(event));
  return {
    amount0: smallerOf(event.amount0, owed?.tokensOwed0 ?? 0n),
    amount1: smallerOf(event.amount1, owed?.tokensOwed1 ?? 0n),
  };
}

function applyCollectProtocol(pool: Pool, event: Amounts): Difference | undefined {
  const follows = {
    amount0: smallerOf(event.amount0, pool.protocolFees0),
    amount1: smallerOf(event.amount1, pool.protocolFees1),
  };
  const difference = amountsDifference(event, follows);
  if (difference !== undefined) return difference;
  pool.protocolFees0 -= event.amount0;
  pool.protocolFees1 -= event.amount1;
  return undefined;
}

function* ordersOf(pool: Pool, event: SwapOutcome): Generator<SwapOrder> {
  const zeroForOne = event.amount0 > 0n || (event.amount1 <= 0n && event.sqrtPriceX96 < pool.sqrtPriceX96);
  const [amountIn, amountOut] = zeroForOne ? [event.amount0, event.amount1] : [event.amount1, event.amount0];
  if (amountIn > 0n) yield { zeroForOne, amountSpecified: amountIn };
  if (amountOut < 0n) yield { zeroForOne, amountSpecified: amountOut };
  yield { zeroForOne, amountSpecified: MAX_INT256, sqrtPriceLimitX96: event.sqrtPriceX96 };
}

function swapDifference(event: SwapOutcome, computed: SwapOutcome): Difference | undefined {
  // The price first: it is where a missing event before this one shows.
  for (const field of ['sqrtPriceX96', 'tick', 'liquidity'] as const) {
    if (event[field] !== computed[field]) return { field, said: `${event[field]}`, follows: `${computed[field]}` };
  }
  return amountsDifference(event, computed);
}

function amountsDifference(event: Amounts, follows: Amounts): Difference | undefined {
  for (const field of ['amount0', 'amount1'] as const) {
    if (event[field] !== follows[field]) return { field, said: `${event[field]}`, follows: `${follows[field]}` };
  }
  return undefined;
}
