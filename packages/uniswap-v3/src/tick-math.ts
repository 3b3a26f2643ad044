import { MAX_UINT256 } from './full-math.ts';

/** The lowest tick of any pool; its price is just above 2^-128. */
export const MIN_TICK = -887272;
/** The highest tick of any pool. */
export const MAX_TICK = 887272;
/** `getSqrtRatioAtTick(MIN_TICK)`. */
export const MIN_SQRT_RATIO = 4295128739n;
/** `getSqrtRatioAtTick(MAX_TICK)`; a pool's price is always below it. */
export const MAX_SQRT_RATIO = 1461446703485210103287273052203988822378723970342n;

/** sqrt(1.0001^-(2^i)) in Q128.128, for i = 1 to 19 (v3-core `TickMath`). */
const FACTORS_X128 = [
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n,
];

/** Ticks per page of the memory below: a price path touches few pages, and a page is small. */
const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
/** Ratios already computed, by page. It only saves time: the function's values do not depend on it. */
const pages: (bigint | undefined)[][] = [];

/** sqrt(1.0001) as a logarithm, for the estimate in `getTickAtSqrtRatio`. */
const LOG_SQRT_10001 = Math.log(1.0001) / 2;
const TWO_POW_96 = 2 ** 96;

/**
 * sqrt(1.0001^tick) * 2^96, rounded up, equal to v3-core `TickMath.getSqrtRatioAtTick` in every bit. Remembers its answers.
 * Throws a RangeError when `tick` is not an integer within [MIN_TICK, MAX_TICK].
 */
export function getSqrtRatioAtTick(tick: number): bigint {
  if (!Number.isInteger(tick) || tick < MIN_TICK || tick > MAX_TICK) {
    throw new RangeError(`tick ${tick} is not an integer from ${MIN_TICK} to ${MAX_TICK}`);
  }
  const index = tick - MIN_TICK;
  let page = pages[index >> PAGE_BITS];
  if (page === undefined) {
    page = new Array<bigint | undefined>(1 << PAGE_BITS).fill(undefined);
    pages[index >> PAGE_BITS] = page;
  }
  const known = page[index & PAGE_MASK];
  if (known !== undefined) return known;
  const ratio = computeSqrtRatioAtTick(tick);
  page[index & PAGE_MASK] = ratio;
  return ratio;
}

/** As `getSqrtRatioAtTick`, computed anew each time and without the check of its input. */
function computeSqrtRatioAtTick(tick: number): bigint {
  const absTick = Math.abs(tick);
  let ratioX128 = (absTick & 1) !== 0 ? 0xfffcb933bd6fad37aa2d162d1a594001n : 1n << 128n;
  for (let bit = 1; bit < 20; bit++) {
    const factor = FACTORS_X128[bit - 1];
    if (factor !== undefined && (absTick & (1 << bit)) !== 0) ratioX128 = (ratioX128 * factor) >> 128n;
  }
  if (tick > 0) ratioX128 = MAX_UINT256 / ratioX128;
  return (ratioX128 + 0xffffffffn) >> 32n;
}

/**
 * The greatest tick whose ratio is not above `sqrtPriceX96`, as v3-core `TickMath.getTickAtSqrtRatio`.
 * A floating-point logarithm lands on the tick or beside it; the exact ratios then decide, so the answer is exact.
 * Throws a RangeError outside [MIN_SQRT_RATIO, MAX_SQRT_RATIO).
 */
export function getTickAtSqrtRatio(sqrtPriceX96: bigint): number {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) {
    throw new RangeError(`sqrtPriceX96 ${sqrtPriceX96} is outside [${MIN_SQRT_RATIO}, ${MAX_SQRT_RATIO})`);
  }
  const estimate = Math.floor(Math.log(Number(sqrtPriceX96) / TWO_POW_96) / LOG_SQRT_10001);
  let tick = Math.min(MAX_TICK - 1, Math.max(MIN_TICK, estimate)) + 0;
  while (getSqrtRatioAtTick(tick) > sqrtPriceX96) tick--;
  while (getSqrtRatioAtTick(tick + 1) <= sqrtPriceX96) tick++;
  return tick;
}
