import { MAX_UINT128, mulDivRoundingDown, Q96, smallerOf } from '@rangeward/uniswap-v3/full-math';
import {
  type Amounts,
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  clampToRange,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { quoteToken0InToken1RoundingDown, quoteToken1InToken0RoundingDown } from '@rangeward/uniswap-v3/price';
import { PIPS } from '@rangeward/uniswap-v3/swap-math';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';

/** Prices between which a step may still happen: the anchor and so many basis points of the price to either side. */
type Band = { readonly lowX96: bigint; readonly highX96: bigint };

const BPS = 10_000n;

/** The band as square-root prices, rounded inwards. */
export function bandAround(sqrtPriceX96: bigint, slippageBps: number): Band {
  return {
    lowX96: scaledRoot(sqrtPriceX96, BPS - BigInt(slippageBps)) + 1n,
    highX96: scaledRoot(sqrtPriceX96, BPS + BigInt(slippageBps)),
  };
}

/**
 * The least that a withdrawal pays anywhere in the band, rounded down as the pool does: token0 at its upper end, token1
 * at its lower. When the band covers the whole range both would be 0, which protects nothing; then the band reaches only
 * halfway to the range's ends.
 */
export function withdrawalMinimums(of: TickRange & { liquidity: bigint; sqrtPriceX96: bigint; slippageBps: number }) {
  return minimumsInBand(of, (sqrtPriceX96) => amountsForLiquidityRoundingDown({ ...of, sqrtPriceX96 }));
}

/**
 * The least that a mint with these amounts takes anywhere in the band, rounded down; the band as for a withdrawal. A mint is
 * reckoned by whole units of liquidity, one of which may be worth many wei, so that much is not insisted on.
 */
export function mintMinimums(of: TickRange & Amounts & { sqrtPriceX96: bigint; slippageBps: number }): Amounts {
  return minimumsInBand(of, (sqrtPriceX96) => mintTakes(of, sqrtPriceX96));
}

/** The least that a mint with these amounts takes within so much of the price, rounded down as above; both may be 0. */
export function mintInBand(of: TickRange & Amounts & { sqrtPriceX96: bigint; slippageBps: number }): Amounts {
  const { lowX96, highX96 } = bandAround(of.sqrtPriceX96, of.slippageBps);
  return { amount0: mintTakes(of, highX96).amount0, amount1: mintTakes(of, lowX96).amount1 };
}

function mintTakes(of: TickRange & Amounts & { readonly sqrtPriceX96: bigint }, sqrtPriceX96: bigint): Amounts {
  const at = { ...of, sqrtPriceX96 };
  const taken = amountsForLiquidityRoundingDown({ ...at, liquidity: mintedLiquidity(at) });
  const unit = amountsForLiquidityRoundingUp({ ...of, liquidity: 1n });
  return { amount0: insistedOn(taken.amount0, unit.amount0), amount1: insistedOn(taken.amount1, unit.amount1) };
}

/**
 * As the position manager reckons it, rounded down, except that within a hair of an end of the range, where one of the
 * tokens alone would give more liquidity than 128 bits hold, the other one decides; the position manager refuses there.
 */
function mintedLiquidity(of: TickRange & Amounts & { readonly sqrtPriceX96: bigint }): bigint {
  const { low, high, clamped } = clampToRange(of.sqrtPriceX96, of);
  const by0 = clamped < high ? (of.amount0 * ((clamped * high) / Q96)) / (high - clamped) : MAX_UINT128;
  const by1 = clamped > low ? (of.amount1 * Q96) / (clamped - low) : MAX_UINT128;
  return smallerOf(MAX_UINT128, smallerOf(by0, by1));
}

/** Less two units of liquidity, the one here and the one there, and what rounding the prices may cost. */
function insistedOn(amount: bigint, unit: bigint): bigint {
  const rest = amount - amount / 1_000_000_000n - 2n * unit;
  return rest > 0n ? rest : 0n;
}

function minimumsInBand(
  of: TickRange & { readonly sqrtPriceX96: bigint; readonly slippageBps: number },
  amountsAt: (sqrtPriceX96: bigint) => Amounts,
): Amounts {
  const inBand = (band: Band): Amounts => ({
    amount0: amountsAt(band.highX96).amount0,
    amount1: amountsAt(band.lowX96).amount1,
  });
  const says = ({ amount0, amount1 }: Amounts) => amount0 > 0n || amount1 > 0n;
  const minimums = inBand(bandAround(of.sqrtPriceX96, of.slippageBps));
  if (says(minimums)) return minimums;
  const halfway = inBand({
    lowX96: (of.sqrtPriceX96 + getSqrtRatioAtTick(of.tickLower)) >> 1n,
    highX96: (of.sqrtPriceX96 + getSqrtRatioAtTick(of.tickUpper)) >> 1n,
  });
  // A hair beside the range even halfway lies inside, where what is held makes no liquidity: then it is now or not at all.
  return says(halfway) ? halfway : amountsAt(of.sqrtPriceX96);
}

/** The least a swap must pay: its input less the fee at the anchor price, less the slippage, rounded down. */
export function swapMinimumRoundingDown(of: {
  readonly zeroForOne: boolean;
  readonly amountIn: bigint;
  readonly feePips: number;
  readonly sqrtPriceX96: bigint;
  readonly slippageBps: number;
}): bigint {
  const lessFee = mulDivRoundingDown(of.amountIn, PIPS - BigInt(of.feePips), PIPS);
  const quoted = of.zeroForOne
    ? quoteToken0InToken1RoundingDown(of.sqrtPriceX96, lessFee)
    : quoteToken1InToken0RoundingDown(of.sqrtPriceX96, lessFee);
  return mulDivRoundingDown(quoted, BPS - BigInt(of.slippageBps), BPS);
}

/** sqrtPrice * sqrt(bps / 10,000), rounded down. */
function scaledRoot(sqrtPriceX96: bigint, bps: bigint): bigint {
  return squareRootRoundingDown((sqrtPriceX96 * sqrtPriceX96 * bps) / BPS);
}

/** Newton's method from above: the first value that does not fall any more is the root. */
export function squareRootRoundingDown(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
