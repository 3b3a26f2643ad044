import { divRoundingUp, MAX_UINT160, MAX_UINT256, mulDivRoundingDown, mulDivRoundingUp, Q96 } from './full-math.ts';

// Every function here mirrors one of v3-core's `SqrtPriceMath`, result for result; where the contract reverts, it throws a RangeError.
// Prices are square roots of token1 per token0 in Q64.96, amounts are in wei.

/** Token0 between two prices (in either order) for `liquidity`, rounded up: what a mint or a swap's input pays. */
export function getAmount0DeltaRoundingUp(sqrtRatioAX96: bigint, sqrtRatioBX96: bigint, liquidity: bigint): bigint {
  const [low, high] = sqrtRatioAX96 < sqrtRatioBX96 ? [sqrtRatioAX96, sqrtRatioBX96] : [sqrtRatioBX96, sqrtRatioAX96];
  // The contract rounds up twice, by the high and then by the low price; for integers that equals rounding up once by their product.
  return divRoundingUp((liquidity << 96n) * (high - low), high * low);
}

/** Token0 between two prices (in either order) for `liquidity`, rounded down: what a burn or a swap's output receives. */
export function getAmount0DeltaRoundingDown(sqrtRatioAX96: bigint, sqrtRatioBX96: bigint, liquidity: bigint): bigint {
  const [low, high] = sqrtRatioAX96 < sqrtRatioBX96 ? [sqrtRatioAX96, sqrtRatioBX96] : [sqrtRatioBX96, sqrtRatioAX96];
  return ((liquidity << 96n) * (high - low)) / (high * low);
}

/** Token1 between two prices (in either order) for `liquidity`, rounded up. */
export function getAmount1DeltaRoundingUp(sqrtRatioAX96: bigint, sqrtRatioBX96: bigint, liquidity: bigint): bigint {
  const distance = sqrtRatioAX96 < sqrtRatioBX96 ? sqrtRatioBX96 - sqrtRatioAX96 : sqrtRatioAX96 - sqrtRatioBX96;
  return (liquidity * distance + (Q96 - 1n)) >> 96n;
}

/** Token1 between two prices (in either order) for `liquidity`, rounded down. */
export function getAmount1DeltaRoundingDown(sqrtRatioAX96: bigint, sqrtRatioBX96: bigint, liquidity: bigint): bigint {
  const distance = sqrtRatioAX96 < sqrtRatioBX96 ? sqrtRatioBX96 - sqrtRatioAX96 : sqrtRatioAX96 - sqrtRatioBX96;
  return (liquidity * distance) >> 96n;
}

/** The price after `amountIn` (fee already taken off) came in; rounded so that the pool never pays too much. */
export function getNextSqrtPriceFromInput(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amountIn: bigint,
  zeroForOne: boolean,
): bigint {
  assertPriceAndLiquidity(sqrtPriceX96, liquidity);
  return zeroForOne
    ? getNextSqrtPriceFromAmount0RoundingUp(sqrtPriceX96, liquidity, amountIn, true)
    : getNextSqrtPriceFromAmount1RoundingDown(sqrtPriceX96, liquidity, amountIn, true);
}

/** The price after `amountOut` went out; rounded so that the swapper pays at least enough. RangeError when the pool cannot pay it. */
export function getNextSqrtPriceFromOutput(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amountOut: bigint,
  zeroForOne: boolean,
): bigint {
  assertPriceAndLiquidity(sqrtPriceX96, liquidity);
  return zeroForOne
    ? getNextSqrtPriceFromAmount1RoundingDown(sqrtPriceX96, liquidity, amountOut, false)
    : getNextSqrtPriceFromAmount0RoundingUp(sqrtPriceX96, liquidity, amountOut, false);
}

/** The price after token0 was added to or removed from the virtual reserves, rounded up. */
export function getNextSqrtPriceFromAmount0RoundingUp(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amount: bigint,
  add: boolean,
): bigint {
  if (amount === 0n) return sqrtPriceX96;
  const numerator = liquidity << 96n;
  const product = amount * sqrtPriceX96;
  if (add) {
    // Where 256 bits would overflow the contract takes a coarser formula, and so must we.
    if (product <= MAX_UINT256 && numerator + product <= MAX_UINT256) {
      return mulDivRoundingUp(numerator, sqrtPriceX96, numerator + product);
    }
    const denominator = numerator / sqrtPriceX96 + amount;
    if (denominator > MAX_UINT256)
      throw new RangeError(`amount ${amount} of token0 does not fit 256 bits with the reserves`);
    return divRoundingUp(numerator, denominator);
  }
  if (product > MAX_UINT256 || numerator <= product) {
    throw new RangeError(`the range holds less than ${amount} of token0`);
  }
  return assertUint160(mulDivRoundingUp(numerator, sqrtPriceX96, numerator - product));
}

/** The price after token1 was added to or removed from the virtual reserves, rounded down. */
export function getNextSqrtPriceFromAmount1RoundingDown(
  sqrtPriceX96: bigint,
  liquidity: bigint,
  amount: bigint,
  add: boolean,
): bigint {
  if (add) return assertUint160(sqrtPriceX96 + mulDivRoundingDown(amount, Q96, liquidity));
  const quotient = mulDivRoundingUp(amount, Q96, liquidity);
  if (sqrtPriceX96 <= quotient) throw new RangeError(`the range holds less than ${amount} of token1`);
  return sqrtPriceX96 - quotient;
}

function assertPriceAndLiquidity(sqrtPriceX96: bigint, liquidity: bigint): void {
  if (sqrtPriceX96 <= 0n) throw new RangeError(`sqrtPriceX96 must be positive, got ${sqrtPriceX96}`);
  if (liquidity <= 0n) throw new RangeError(`liquidity must be positive, got ${liquidity}`);
}

function assertUint160(sqrtPriceX96: bigint): bigint {
  if (sqrtPriceX96 > MAX_UINT160) throw new RangeError(`the next price does not fit 160 bits: ${sqrtPriceX96}`);
  return sqrtPriceX96;
}
