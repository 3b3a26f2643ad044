import { mulDivRoundingUp } from './full-math.ts';
import {
  getAmount0DeltaRoundingDown,
  getAmount0DeltaRoundingUp,
  getAmount1DeltaRoundingDown,
  getAmount1DeltaRoundingUp,
  getNextSqrtPriceFromInput,
  getNextSqrtPriceFromOutput,
} from './sqrt-price-math.ts';

/** One pip is a millionth: a fee of 500 pips is 0.05 %. */
export const PIPS = 1_000_000n;

export type SwapStep = {
  readonly sqrtRatioNextX96: bigint;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
};

/**
 * One step of a swap within constant liquidity, as v3-core `SwapMath.computeSwapStep`: input and fee round up, output down.
 * The direction follows from the target; `amountRemaining` > 0 is exact input (fee included), < 0 exact output.
 * Throws a RangeError where the contract reverts (zero liquidity with something to swap at another price, results too wide).
 */
export function computeSwapStep(
  sqrtRatioCurrentX96: bigint,
  sqrtRatioTargetX96: bigint,
  liquidity: bigint,
  amountRemaining: bigint,
  feePips: number,
): SwapStep {
  return amountRemaining >= 0n
    ? stepExactIn(sqrtRatioCurrentX96, sqrtRatioTargetX96, liquidity, amountRemaining, BigInt(feePips))
    : stepExactOut(sqrtRatioCurrentX96, sqrtRatioTargetX96, liquidity, -amountRemaining, BigInt(feePips));
}

function stepExactIn(current: bigint, target: bigint, liquidity: bigint, remaining: bigint, fee: bigint): SwapStep {
  const zeroForOne = current >= target;
  const remainingLessFee = (remaining * (PIPS - fee)) / PIPS;
  const amountInToTarget = inputBetween(current, target, liquidity, zeroForOne);
  if (remainingLessFee >= amountInToTarget) {
    return {
      sqrtRatioNextX96: target,
      amountIn: amountInToTarget,
      amountOut: outputBetween(current, target, liquidity, zeroForOne),
      feeAmount: feeOf(amountInToTarget, fee),
    };
  }
  const next = getNextSqrtPriceFromInput(current, liquidity, remainingLessFee, zeroForOne);
  const reached = next === target;
  const amountIn = reached ? amountInToTarget : inputBetween(current, next, liquidity, zeroForOne);
  return {
    sqrtRatioNextX96: next,
    amountIn,
    amountOut: outputBetween(current, next, liquidity, zeroForOne),
    // Short of the target the swap ends here, so whatever input did not move the price is the fee.
    feeAmount: reached ? feeOf(amountIn, fee) : remaining - amountIn,
  };
}

function stepExactOut(current: bigint, target: bigint, liquidity: bigint, wanted: bigint, fee: bigint): SwapStep {
  const zeroForOne = current >= target;
  const amountOutToTarget = outputBetween(current, target, liquidity, zeroForOne);
  const next =
    wanted >= amountOutToTarget ? target : getNextSqrtPriceFromOutput(current, liquidity, wanted, zeroForOne);
  const amountOut = next === target ? amountOutToTarget : outputBetween(current, next, liquidity, zeroForOne);
  const amountIn = inputBetween(current, next, liquidity, zeroForOne);
  return {
    sqrtRatioNextX96: next,
    amountIn,
    amountOut: amountOut > wanted ? wanted : amountOut,
    feeAmount: feeOf(amountIn, fee),
  };
}

/** The fee on top of `amountIn`, rounded up. */
function feeOf(amountIn: bigint, fee: bigint): bigint {
  return mulDivRoundingUp(amountIn, fee, PIPS - fee);
}

/** What has to come in to move the price, rounded up. */
function inputBetween(current: bigint, next: bigint, liquidity: bigint, zeroForOne: boolean): bigint {
  return zeroForOne
    ? getAmount0DeltaRoundingUp(next, current, liquidity)
    : getAmount1DeltaRoundingUp(current, next, liquidity);
}

/** What goes out while the price moves, rounded down. */
function outputBetween(current: bigint, next: bigint, liquidity: bigint, zeroForOne: boolean): bigint {
  return zeroForOne
    ? getAmount1DeltaRoundingDown(next, current, liquidity)
    : getAmount0DeltaRoundingDown(current, next, liquidity);
}
