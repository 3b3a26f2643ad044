import type { RecordedBlock } from '@rangeward/recording/recorded-event';
import { replayEvent } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap, type SwapOrder, type SwapOutcome } from '@rangeward/uniswap-v3/pool-swap';
import type { Act, ReplayBlock } from './replayed-market.ts';

const FURTHEST = (1n << 255n) - 1n;

/** Recorded blocks as acts, and what there is to say of how well they follow from one another. */
export type FoundOrders = { readonly blocks: ReplayBlock[]; readonly note: string };

/**
 * Lives through the recording once without us and finds what each swap asked for. The first event that does not follow
 * ends it: what comes after a missing log would be another pool's past.
 */
export function findOrders(start: Pool, recorded: readonly RecordedBlock[]): FoundOrders {
  const pool = clonePool(start);
  const blocks: ReplayBlock[] = [];
  for (const { blockNumber, timestampS, events } of recorded) {
    const acts: Act[] = [];
    for (const event of events) {
      const before = { sqrtPriceX96: pool.sqrtPriceX96, liquidity: pool.liquidity };
      const act: Act =
        event.kind === 'swap'
          ? { kind: 'swap', order: orderOf(pool, event), amountIn: amountIn(event), before }
          : { kind: 'event', event };
      const difference = replayEvent(pool, event);
      if (difference !== undefined) {
        const where = `block ${blockNumber}, log ${event.logIndex}`;
        const why = `${difference.field} is ${difference.said}, ${difference.follows} would follow`;
        return { blocks, note: `; it ends before ${where}, which does not follow from what came before (${why})` };
      }
      acts.push(act);
    }
    blocks.push({ timeS: timestampS, number: blockNumber, acts, outsideSqrtPrice: null });
  }
  return { blocks, note: '' };
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
    { zeroForOne, amountSpecified: FURTHEST, sqrtPriceLimitX96: event.sqrtPriceX96 },
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
