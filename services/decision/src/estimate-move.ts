import type { EventData, Market, recommendation } from '@rangeward/contracts';
import { amountsForLiquidityRoundingUp } from '@rangeward/uniswap-v3/liquidity-amounts';
import { stableUsdE6RoundingDown, valueUsdE6 } from '@rangeward/uniswap-v3/price';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { toSafeNumber } from './estimate-gas-cost.ts';
import { inRangeShare } from './in-range-share.ts';

/** What moving the position to the recommended range would bring and cost, in micro-dollars. */
export type MoveEstimate = {
  /** Fees a day in the range it has, rounded down; null when the pool's volume is not known. */
  readonly feesPerDayNowUsdE6: number | null;
  /** Fees a day in the recommended range, rounded down; null when the pool's volume is not known. */
  readonly feesPerDayThenUsdE6: number | null;
  /** Value that has to change sides for the new range's ratio, rounded up. */
  readonly swapUsdE6: number;
  /** Pool fee and impact of that swap, rounded up. */
  readonly swapCostUsdE6: number;
};

type Recommendation = EventData<typeof recommendation>;

/**
 * Assumes: the volume of the look-back goes on; it trades evenly in both directions; the others' liquidity around the
 * price stays as it is and ours dilutes it; a range earns for the share of the time that the posterior puts the price in
 * it, and in that time as much as at the present price. Loss against rebalancing (LVR) is not counted.
 */
export function estimateMove(from: Recommendation, swapImpactBps: number): MoveEstimate {
  const { pool, position } = from.market;
  const reference = referenceLiquidity(pool, from.range);
  const value = BigInt(position.valueUsdE6);
  const liquidityThen = (REFERENCE_LIQUIDITY * value) / reference.totalUsdE6;
  const others =
    position.inRange && pool.liquidity > position.liquidity ? pool.liquidity - position.liquidity : pool.liquidity;
  const volume = from.volumePerDayUsdE6;
  const fees = (liquidity: bigint, share: number) =>
    volume === undefined ? null : feesPerDayUsdE6RoundingDown({ pool, volume, liquidity, others, share });
  const wantedStable = (value * reference.stableUsdE6) / reference.totalUsdE6;
  const swapUsdE6 = absolute(heldStableUsdE6(from.market) - wantedStable) + 1n;
  const costParts = BigInt(pool.feePips) + BigInt(swapImpactBps) * 100n;
  return {
    feesPerDayNowUsdE6: fees(position.liquidity, inRangeShare(from, position)),
    feesPerDayThenUsdE6: fees(liquidityThen, inRangeShare(from, from.range)),
    swapUsdE6: toSafeNumber(swapUsdE6),
    swapCostUsdE6: toSafeNumber((swapUsdE6 * costParts + 999_999n) / 1_000_000n),
  };
}

/** Large enough that the rounding of its amounts does not show. */
const REFERENCE_LIQUIDITY = 10n ** 24n;

function referenceLiquidity(pool: Market['pool'], range: TickRange): { totalUsdE6: bigint; stableUsdE6: bigint } {
  const amounts = amountsForLiquidityRoundingUp({
    tickLower: range.tickLower,
    tickUpper: range.tickUpper,
    sqrtPriceX96: pool.sqrtPriceX96,
    liquidity: REFERENCE_LIQUIDITY,
  });
  const total = stableRawToUsdE6(
    pool,
    valueUsdE6({ ...amounts, sqrtPriceX96: pool.sqrtPriceX96, stable: pool.stable }),
  );
  const stable = pool.stable === 0 ? amounts.amount0 : amounts.amount1;
  return { totalUsdE6: total > 0n ? total : 1n, stableUsdE6: stableRawToUsdE6(pool, stable) };
}

/** Dollar tokens that a burn and a collect would give, micro-dollars rounded down. */
function heldStableUsdE6({ pool, position }: Market): bigint {
  const raw = pool.stable === 0 ? position.amount0 + position.fees0 : position.amount1 + position.fees1;
  return stableRawToUsdE6(pool, raw);
}

/** One stable token is taken as one dollar; rounded down. */
function stableRawToUsdE6(pool: Market['pool'], raw: bigint): bigint {
  const { decimals } = pool.stable === 0 ? pool.token0 : pool.token1;
  return stableUsdE6RoundingDown(raw, decimals);
}

function feesPerDayUsdE6RoundingDown(of: {
  readonly pool: Market['pool'];
  readonly volume: number;
  readonly liquidity: bigint;
  readonly others: bigint;
  readonly share: number;
}): number {
  const { pool, liquidity } = of;
  if (liquidity === 0n) return 0;
  const kept = (keptE6(pool.feeProtocol0) + keptE6(pool.feeProtocol1)) / 2n;
  const toProviders = (BigInt(of.volume) * BigInt(pool.feePips) * kept) / 10n ** 12n;
  return Math.floor(toSafeNumber((toProviders * liquidity) / (liquidity + of.others)) * of.share);
}

/** Of a million parts of a fee, those that stay with the providers; the protocol takes 1/n, nothing when n is 0. */
function keptE6(feeProtocol: number): bigint {
  return feeProtocol === 0 ? 1_000_000n : 1_000_000n - 1_000_000n / BigInt(feeProtocol);
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
