import type { RecordedBlock, RecordedEvent } from '@rangeward/recording/recorded-event';
import { type Difference, MAX_INT256, replayEvent } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap, type SwapOrder, type SwapOutcome } from '@rangeward/uniswap-v3/pool-swap';
import { type Act, moveToPrice, type ReplayBlock } from './replayed-market.ts';

/** Recorded blocks as acts, and how well the swaps follow from one another. */
export type FoundOrders = {
  readonly blocks: ReplayBlock[];
  readonly swaps: number;
  /** Swaps that follow to the wei from the state before them. */
  readonly followed: number;
  /** Where it ended early, and why; null when it did not. */
  readonly end: string | null;
};

/**
 * Lives through the recording once without us and finds what each swap asked for. With `goOn` a swap that does not follow,
 * since nobody knows all ticks, is taken up to where it ended; else the first event that does not follow ends it: what
 * comes after a missing log would be another pool's past.
 */
export function findOrders(start: Pool, recorded: readonly RecordedBlock[], goOn: boolean): FoundOrders {
  const pool = clonePool(start);
  const blocks: ReplayBlock[] = [];
  let [swaps, followed] = [0, 0];
  for (const { blockNumber, timestampS, events } of recorded) {
    const acts: Act[] = [];
    for (const event of events) {
      const act: Act = event.kind === 'swap' ? askedBy(pool, event) : { kind: 'event', event };
      const difference = replayEvent(pool, event);
      if (event.kind === 'swap') swaps += 1;
      if (event.kind === 'swap' && difference === undefined) followed += 1;
      if (difference === undefined) acts.push(act);
      else if (!goOn) return { blocks, swaps, followed, end: endOf(event, difference) };
      // Whatever else does not follow from guessed ticks is left out; it moves no price.
      else if (event.kind === 'swap') acts.push(reach(pool, event));
    }
    blocks.push({ timeS: timestampS, number: blockNumber, acts, outsideSqrtPrice: null });
  }
  return { blocks, swaps, followed, end: null };
}

function endOf({ blockNumber, logIndex }: RecordedEvent, { field, said, follows }: Difference): string {
  const why = `${field} is ${said}, ${follows} would follow`;
  return `block ${blockNumber}, log ${logIndex} does not follow from what came before (${why})`;
}

function askedBy(pool: Pool, event: SwapOutcome): Act {
  const before = { sqrtPriceX96: pool.sqrtPriceX96, liquidity: pool.liquidity };
  return { kind: 'swap', order: orderOf(pool, event), amountIn: amountIn(event), before };
}

/** Moves the pool to where the event ends, whatever lies between. */
function reach(pool: Pool, { sqrtPriceX96, liquidity, tick }: SwapOutcome): Act {
  moveToPrice(pool, sqrtPriceX96);
  const liquidityDelta = liquidity - pool.liquidity;
  Object.assign(pool, { liquidity, tick });
  return { kind: 'reach', sqrtPriceX96, tick, liquidityDelta };
}

function amountIn({ amount0, amount1 }: SwapOutcome): bigint {
  return amount0 > 0n ? amount0 : amount1;
}

/** The asking that ends where the event ends: exact input, exact output, or a limit that was reached. */
function orderOf(pool: Pool, event: SwapOutcome): SwapOrder {
  const zeroForOne = event.amount0 > 0n || (event.amount1 <= 0n && event.sqrtPriceX96 < pool.sqrtPriceX96);
  const [input, output] = zeroForOne ? [event.amount0, event.amount1] : [event.amount1, event.amount0];
  const orders: SwapOrder[] = [
    ...(input > 0n ? [{ zeroForOne, amountSpecified: input }] : []),
    ...(output < 0n ? [{ zeroForOne, amountSpecified: output }] : []),
    { zeroForOne, amountSpecified: MAX_INT256, sqrtPriceLimitX96: event.sqrtPriceX96 },
  ];
  return orders.find((order) => endsAs(pool, order, event)) ?? { zeroForOne, amountSpecified: input };
}

function endsAs(pool: Pool, order: SwapOrder, event: SwapOutcome): boolean {
  try {
    const found = computeSwap(pool, order);
    return (['sqrtPriceX96', 'liquidity', 'tick', 'amount0', 'amount1'] as const).every(
      (field) => found[field] === event[field],
    );
  } catch {
    // What the pool would refuse was not asked.
    return false;
  }
}
