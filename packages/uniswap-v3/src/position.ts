import { type FeeGrowth, tokensOwed } from './fee-growth.ts';
import { type Amounts, amountsForLiquidityRoundingDown } from './liquidity-amounts.ts';
import { isInRange, type TickRange } from './tick-grid.ts';

/** A position as the pool or the position manager stores it: amounts in wei, growth counters in Q128.128. */
export type StoredPosition = TickRange & {
  readonly liquidity: bigint;
  readonly feeGrowthInside0LastX128: bigint;
  readonly feeGrowthInside1LastX128: bigint;
  readonly tokensOwed0: bigint;
  readonly tokensOwed1: bigint;
};

/** What a position is worth holding at a price, and whether it earns. */
export type PositionView = {
  readonly inRange: boolean;
  /** What burning all of it would pay, without fees, rounded down. */
  readonly principal: Amounts;
  /** What `collect` would pay now if nothing were burned: stored and accrued since, rounded down. */
  readonly fees: Amounts;
};

/** Fees that `collect` would pay after a poke: what is stored plus what accrued since, rounded down per token as the pool does. */
export function uncollectedFees(position: StoredPosition, insideNow: FeeGrowth): Amounts {
  const { liquidity } = position;
  return {
    amount0: position.tokensOwed0 + tokensOwed(liquidity, insideNow.feeGrowth0X128, position.feeGrowthInside0LastX128),
    amount1: position.tokensOwed1 + tokensOwed(liquidity, insideNow.feeGrowth1X128, position.feeGrowthInside1LastX128),
  };
}

/** The whole position at one state of the pool; `tick` is slot0's tick and `insideNow` comes from `feeGrowthInside`. */
export function viewPosition(
  position: StoredPosition,
  pool: { readonly tick: number; readonly sqrtPriceX96: bigint; readonly insideNow: FeeGrowth },
): PositionView {
  return {
    inRange: isInRange(pool.tick, position),
    principal: amountsForLiquidityRoundingDown({
      sqrtPriceX96: pool.sqrtPriceX96,
      tickLower: position.tickLower,
      tickUpper: position.tickUpper,
      liquidity: position.liquidity,
    }),
    fees: uncollectedFees(position, pool.insideNow),
  };
}
