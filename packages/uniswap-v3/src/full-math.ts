/** 2^96, the scale of a square-root price. */
export const Q96 = 1n << 96n;
/** 2^128, the scale of fee growth per unit of liquidity. */
export const Q128 = 1n << 128n;
/** 2^192, the scale of a square-root price squared. */
export const Q192 = 1n << 192n;
/** 2^256, the modulus of every counter in the pool. */
export const Q256 = 1n << 256n;
export const MAX_UINT128 = Q128 - 1n;
export const MAX_UINT160 = (1n << 160n) - 1n;
export const MAX_UINT256 = Q256 - 1n;

/**
 * floor(a * b / denominator) for values that are not negative.
 * Throws a RangeError when the denominator is zero or the result does not fit 256 bits, where v3-core's `FullMath.mulDiv` reverts.
 */
export function mulDivRoundingDown(a: bigint, b: bigint, denominator: bigint): bigint {
  const result = (a * b) / denominator;
  if (result > MAX_UINT256) throw overflow(result);
  return result;
}

/** ceil(a * b / denominator) for values that are not negative; errors as `mulDivRoundingDown` (v3-core `FullMath.mulDivRoundingUp`). */
export function mulDivRoundingUp(a: bigint, b: bigint, denominator: bigint): bigint {
  const result = (a * b + denominator - 1n) / denominator;
  if (result > MAX_UINT256) throw overflow(result);
  return result;
}

/** ceil(a / denominator) for values that are not negative (v3-core `UnsafeMath.divRoundingUp`; a zero denominator throws a RangeError). */
export function divRoundingUp(a: bigint, denominator: bigint): bigint {
  return (a + denominator - 1n) / denominator;
}

/** a - b modulo 2^256, as an unchecked `uint256` subtraction on chain. Both values lie in [0, 2^256). */
export function subtractMod256(a: bigint, b: bigint): bigint {
  return a >= b ? a - b : a - b + Q256;
}

/** a + b modulo 2^256, as an unchecked `uint256` addition on chain. Both values lie in [0, 2^256). */
export function addMod256(a: bigint, b: bigint): bigint {
  const sum = a + b;
  return sum > MAX_UINT256 ? sum - Q256 : sum;
}

/** The smaller of two bigints, which `Math.min` does not take. */
export function smallerOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The size of a bigint without its sign, which `Math.abs` does not take. */
export function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** `value` held within [low, high]. */
export function clamp(value: bigint, low: bigint, high: bigint): bigint {
  if (value < low) return low;
  return smallerOf(value, high);
}

function overflow(value: bigint): RangeError {
  return new RangeError(`result does not fit 256 bits: ${value}`);
}
