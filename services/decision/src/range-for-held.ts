import { ceilToSpacing, floorToSpacing, type TickRange, usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import { amountsPerLiquidity, LOG_TICK, type PoolInNumbers } from './pool-in-numbers.ts';

/** Raw amounts of both tokens. */
export type Held = { readonly amount0: number; readonly amount1: number };

/** A range that takes what is held as it is, the liquidity that this gives, and what stays over. */
export type RangeForHeld = TickRange & { readonly liquidity: number; readonly idleUsdE6: number };

/**
 * The range about as wide as `widthTicks` that takes the held amounts without a swap: for both tokens the one whose ratio
 * at the price is theirs, rounded to the grid so that least stays over; for one token (almost) alone the range beside the
 * price, as a limit order. The price moves until it is minted, so every range keeps `gapTicks` between its ends and the
 * price. Null when nothing is held or no such range fits the grid.
 */
export function rangeForHeld(of: {
  readonly pool: PoolInNumbers;
  readonly held: Held;
  readonly widthTicks: number;
  readonly tickSpacing: number;
  readonly gapTicks: number;
}): RangeForHeld | null {
  const { pool, held } = of;
  const value0 = held.amount0 * pool.token0UsdE6;
  const value1 = held.amount1 * pool.token1UsdE6;
  const all = value0 + value1;
  if (!(all > 0)) return null;
  const lesser = Math.min(value0, value1) / all;
  let best: RangeForHeld | null = null;
  for (const range of [
    ...(lesser < ALMOST_ALONE ? [besideThePrice(of, value0 > value1)] : []),
    ...(lesser > 0 ? candidatesAround(of) : []),
  ]) {
    if (!isUsable(of, range)) continue;
    const next = filled(pool, range, held, all);
    if (best === null || next.idleUsdE6 < best.idleUsdE6) best = next;
  }
  return best;
}

/** One token may stay over when it is less than this share: uncollected fees beside what the price left behind. */
const ALMOST_ALONE = 0.05;

type Question = Parameters<typeof rangeForHeld>[0];

/** Token0 alone waits above the price, token1 alone below it. */
function besideThePrice({ pool, widthTicks, tickSpacing, gapTicks }: Question, isToken0: boolean): TickRange {
  const width = Math.max(tickSpacing, ceilToSpacing(Math.round(widthTicks), tickSpacing));
  if (isToken0) {
    const tickLower = ceilToSpacing(Math.ceil(pool.tick + gapTicks), tickSpacing);
    return { tickLower, tickUpper: tickLower + width };
  }
  const tickUpper = floorToSpacing(Math.floor(pool.tick - gapTicks), tickSpacing);
  return { tickLower: tickUpper - width, tickUpper };
}

/**
 * With u = 1/L the ends are root - amount1 * u and 1 / (1/root - amount0 * u); that they are `widthTicks` apart is a
 * quadratic in u, whose smaller solution leaves both ends positive. Then the four ways to round to the grid.
 */
function candidatesAround({ pool, held, widthTicks, tickSpacing }: Question): TickRange[] {
  const { root } = pool;
  const a = held.amount0 * held.amount1;
  const b = root * held.amount0 + held.amount1 / root;
  const c = 1 - Math.exp((-widthTicks * LOG_TICK) / 2);
  const inverse = (2 * c) / (b + Math.sqrt(b * b - 4 * a * c));
  const lower = (2 * Math.log(root - held.amount1 * inverse)) / LOG_TICK;
  const upper = (-2 * Math.log(1 / root - held.amount0 * inverse)) / LOG_TICK;
  const near = (tick: number) => {
    const below = floorToSpacing(Math.floor(tick), tickSpacing);
    return [below, below + tickSpacing];
  };
  return near(lower).flatMap((tickLower) => near(upper).map((tickUpper) => ({ tickLower, tickUpper })));
}

function isUsable({ pool, tickSpacing, gapTicks }: Question, { tickLower, tickUpper }: TickRange): boolean {
  const usable = usableTicks(tickSpacing);
  if (tickLower >= tickUpper || tickLower < usable.tickLower || tickUpper > usable.tickUpper) return false;
  return Math.abs(pool.tick - tickLower) >= gapTicks && Math.abs(pool.tick - tickUpper) >= gapTicks;
}

function filled(pool: PoolInNumbers, range: TickRange, held: Held, allUsdE6: number): RangeForHeld {
  const per = amountsPerLiquidity(pool, range);
  const by0 = per.amount0 > 0 ? held.amount0 / per.amount0 : Number.POSITIVE_INFINITY;
  const by1 = per.amount1 > 0 ? held.amount1 / per.amount1 : Number.POSITIVE_INFINITY;
  const liquidity = Math.min(by0, by1);
  const used = liquidity * (per.amount0 * pool.token0UsdE6 + per.amount1 * pool.token1UsdE6);
  return { ...range, liquidity, idleUsdE6: Math.max(0, allUsdE6 - used) };
}
