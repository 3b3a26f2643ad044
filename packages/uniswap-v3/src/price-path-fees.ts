import { clamp } from './full-math.ts';
import { type Amounts, clampToRange } from './liquidity-amounts.ts';
import { protocolFeeOfInput } from './pool-state.ts';
import { PIPS } from './swap-math.ts';
import type { TickRange } from './tick-grid.ts';

/** A range, and what of the pool decides its fees: the fee in pips and slot0's protocol fee byte. */
export type FeePathTerms = TickRange & { readonly feePips: number; readonly feeProtocol: number };

/**
 * Fees of a position from the price path alone, in wei, rounded down: `sqrtPricesX96` begins with the price before the first swap and
 * goes on with the price after each. For a swap from s0 to s1, both held within the range,
 * fee0 += L (1/s1 - 1/s0) f/(1-f) when the price falls and fee1 += L (s1 - s0) f/(1-f) when it rises, times 1 - 1/n of the
 * input token's protocol fee. It ignores what the chain's rounding adds to fees (at most a few wei a step), so it never says a wei too much.
 *
 * True for liquidity that was in the pool or is negligible beside it. Liquidity that was not there would have diluted the
 * others and damped the move: replay the pool with it instead.
 */
export function pricePathFeesRoundingDown(
  of: FeePathTerms & { readonly liquidity: bigint; readonly sqrtPricesX96: Iterable<bigint> },
): Amounts {
  const growth = pricePathFeeGrowthRoundingDown(of);
  return {
    amount0: (growth.amount0X128 * of.liquidity) >> 128n,
    amount1: (growth.amount1X128 * of.liquidity) >> 128n,
  };
}

/**
 * As `pricePathFeesRoundingDown` for one unit of liquidity, in Q128.128: multiply by a liquidity and shift right by 128.
 * Each swap's share rounds down, by less than 2^-128 per unit of liquidity; one pass over the path serves any liquidity.
 */
export function pricePathFeeGrowthRoundingDown(of: FeePathTerms & { readonly sqrtPricesX96: Iterable<bigint> }): {
  readonly amount0X128: bigint;
  readonly amount1X128: bigint;
} {
  const { low, high } = clampToRange(0n, of);
  const fall = feeRatio(of, true);
  const rise = feeRatio(of, false);
  let amount0X128 = 0n;
  let amount1X128 = 0n;
  let before: bigint | undefined;
  for (const price of of.sqrtPricesX96) {
    const now = clamp(price, low, high);
    if (before !== undefined && now < before) {
      amount0X128 += (((before - now) << 224n) * fall.numerator) / (before * now * fall.denominator);
    } else if (before !== undefined && now > before) {
      amount1X128 += (((now - before) << 32n) * rise.numerator) / rise.denominator;
    }
    before = now;
  }
  return { amount0X128, amount1X128 };
}

/** f/(1-f) times what the protocol leaves of it, as an exact fraction. */
function feeRatio(of: FeePathTerms, zeroForOne: boolean): { readonly numerator: bigint; readonly denominator: bigint } {
  const fee = BigInt(of.feePips);
  const share = BigInt(protocolFeeOfInput(of.feeProtocol, zeroForOne));
  if (share === 0n) return { numerator: fee, denominator: PIPS - fee };
  return { numerator: fee * (share - 1n), denominator: (PIPS - fee) * share };
}
