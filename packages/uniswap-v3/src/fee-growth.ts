import { MAX_UINT128, subtractMod256 } from './full-math.ts';
import { isInRange, type TickRange } from './tick-grid.ts';

/** Fees per unit of liquidity in both tokens, Q128.128 modulo 2^256: only differences of such counters mean anything. */
export type FeeGrowth = { readonly feeGrowth0X128: bigint; readonly feeGrowth1X128: bigint };

/** What `feeGrowthInside` needs: the pool's tick and counters, the range, and the counters `ticks(...)` keeps at its two bounds. */
export type FeeGrowthInsideInput = TickRange & {
  readonly tick: number;
  readonly global: FeeGrowth;
  readonly outsideLower: FeeGrowth;
  readonly outsideUpper: FeeGrowth;
};

/** Fee growth inside a range: global - below - above modulo 2^256, as v3-core `Tick.getFeeGrowthInside`. */
export function feeGrowthInside(of: FeeGrowthInsideInput): FeeGrowth {
  return {
    feeGrowth0X128: growthInsideOfToken(
      of,
      of.global.feeGrowth0X128,
      of.outsideLower.feeGrowth0X128,
      of.outsideUpper.feeGrowth0X128,
    ),
    feeGrowth1X128: growthInsideOfToken(
      of,
      of.global.feeGrowth1X128,
      of.outsideLower.feeGrowth1X128,
      of.outsideUpper.feeGrowth1X128,
    ),
  };
}

/**
 * Fees owed to `liquidity` since the counter stood at `growthLastX128`: floor(liquidity * (now - last) / 2^128), rounded down.
 * The difference is taken modulo 2^256 and the result truncated to 128 bits, as v3-core `Position.update`.
 */
export function tokensOwed(liquidity: bigint, growthNowX128: bigint, growthLastX128: bigint): bigint {
  return ((liquidity * subtractMod256(growthNowX128, growthLastX128)) >> 128n) & MAX_UINT128;
}

function growthInsideOfToken(
  of: TickRange & { readonly tick: number },
  global: bigint,
  outsideLower: bigint,
  outsideUpper: bigint,
): bigint {
  if (isInRange(of.tick, of)) return subtractMod256(subtractMod256(global, outsideLower), outsideUpper);
  const below = of.tick >= of.tickLower ? outsideLower : subtractMod256(global, outsideLower);
  const above = of.tick < of.tickUpper ? outsideUpper : subtractMod256(global, outsideUpper);
  return subtractMod256(subtractMod256(global, below), above);
}
