import { addMod256, MAX_UINT128, subtractMod256 } from './full-math.ts';
import { type Pool, PoolRevert, type PoolTick, protocolFeeOfInput } from './pool-state.ts';
import { computeSwapStep } from './swap-math.ts';
import { isInitialized, nextInitializedTickWithinOneWord } from './tick-bitmap.ts';
import {
  getSqrtRatioAtTick,
  getTickAtSqrtRatio,
  MAX_SQRT_RATIO,
  MAX_TICK,
  MIN_SQRT_RATIO,
  MIN_TICK,
} from './tick-math.ts';

/** The arguments of the pool's `swap`: `amountSpecified` > 0 is exact input, < 0 exact output; no limit means the furthest price. */
export type SwapOrder = {
  readonly zeroForOne: boolean;
  readonly amountSpecified: bigint;
  readonly sqrtPriceLimitX96?: bigint;
};

/** What the Swap event says: amounts in wei from the pool's side (positive came in), and the pool right after. */
export type SwapOutcome = {
  readonly amount0: bigint;
  readonly amount1: bigint;
  readonly sqrtPriceX96: bigint;
  readonly liquidity: bigint;
  readonly tick: number;
};

/** A swap worked out but not yet carried out: its outcome and what it would change in the pool besides. */
export type ComputedSwap = SwapOutcome & {
  readonly zeroForOne: boolean;
  /** The input token's fee growth after the swap. */
  readonly feeGrowthGlobalX128: bigint;
  readonly protocolFee: bigint;
  /** Steps taken: one per word of the bitmap and per initialized tick on the way. */
  readonly steps: number;
  readonly crossed: readonly Crossing[];
};

/** A tick on the way, with the input token's fee growth at the moment it was crossed. */
type Crossing = { readonly tick: PoolTick; readonly feeGrowthGlobalX128: bigint };

/** A swap on its way; `remaining` and `calculated` as in the pool's own loop. */
type Progress = {
  remaining: bigint;
  calculated: bigint;
  sqrtPriceX96: bigint;
  tick: number;
  liquidity: bigint;
  feeGrowthGlobalX128: bigint;
  protocolFee: bigint;
  steps: number;
  readonly crossed: Crossing[];
};

/** Swaps exactly as UniswapV3Pool and answers what its Swap event says. Throws a PoolRevert and changes nothing where the pool reverts. */
export function swap(pool: Pool, order: SwapOrder): SwapOutcome {
  const computed = computeSwap(pool, order);
  commitSwap(pool, computed);
  return outcomeOf(computed);
}

/** As `swap`, without changing the pool: a quote, or a candidate for `commitSwap`. */
export function computeSwap(pool: Pool, order: SwapOrder): ComputedSwap {
  const { zeroForOne, amountSpecified } = order;
  const limit = order.sqrtPriceLimitX96 ?? (zeroForOne ? MIN_SQRT_RATIO + 1n : MAX_SQRT_RATIO - 1n);
  assertOrder(pool, zeroForOne, amountSpecified, limit);
  const progress: Progress = {
    remaining: amountSpecified,
    calculated: 0n,
    sqrtPriceX96: pool.sqrtPriceX96,
    tick: pool.tick,
    liquidity: pool.liquidity,
    feeGrowthGlobalX128: zeroForOne ? pool.feeGrowthGlobal0X128 : pool.feeGrowthGlobal1X128,
    protocolFee: 0n,
    steps: 0,
    crossed: [],
  };
  const protocolShare = BigInt(protocolFeeOfInput(pool.feeProtocol, zeroForOne));
  while (progress.remaining !== 0n && progress.sqrtPriceX96 !== limit) {
    step(pool, progress, zeroForOne, amountSpecified > 0n, limit, protocolShare);
  }
  const specified = amountSpecified - progress.remaining;
  const specifiedIs0 = zeroForOne === amountSpecified > 0n;
  return {
    zeroForOne,
    amount0: specifiedIs0 ? specified : progress.calculated,
    amount1: specifiedIs0 ? progress.calculated : specified,
    sqrtPriceX96: progress.sqrtPriceX96,
    liquidity: progress.liquidity,
    tick: progress.tick,
    feeGrowthGlobalX128: progress.feeGrowthGlobalX128,
    protocolFee: progress.protocolFee,
    steps: progress.steps,
    crossed: progress.crossed,
  };
}

/** Carries out a swap that `computeSwap` worked out on this very state of the pool. */
export function commitSwap(pool: Pool, computed: ComputedSwap): void {
  // The other token's growth does not move during a swap, so only the input's had to be kept per crossing.
  for (const { tick, feeGrowthGlobalX128 } of computed.crossed) {
    const global0 = computed.zeroForOne ? feeGrowthGlobalX128 : pool.feeGrowthGlobal0X128;
    const global1 = computed.zeroForOne ? pool.feeGrowthGlobal1X128 : feeGrowthGlobalX128;
    tick.feeGrowthOutside0X128 = subtractMod256(global0, tick.feeGrowthOutside0X128);
    tick.feeGrowthOutside1X128 = subtractMod256(global1, tick.feeGrowthOutside1X128);
  }
  pool.sqrtPriceX96 = computed.sqrtPriceX96;
  pool.tick = computed.tick;
  pool.liquidity = computed.liquidity;
  if (computed.zeroForOne) {
    pool.feeGrowthGlobal0X128 = computed.feeGrowthGlobalX128;
    pool.protocolFees0 = (pool.protocolFees0 + computed.protocolFee) & MAX_UINT128;
  } else {
    pool.feeGrowthGlobal1X128 = computed.feeGrowthGlobalX128;
    pool.protocolFees1 = (pool.protocolFees1 + computed.protocolFee) & MAX_UINT128;
  }
}

/** Only what the Swap event says. */
export function outcomeOf(computed: ComputedSwap): SwapOutcome {
  const { amount0, amount1, sqrtPriceX96, liquidity, tick } = computed;
  return { amount0, amount1, sqrtPriceX96, liquidity, tick };
}

/** One turn of the pool's loop: to the next initialized tick or the end of its word, to the limit, or until nothing remains. */
function step(
  pool: Pool,
  progress: Progress,
  zeroForOne: boolean,
  exactInput: boolean,
  limit: bigint,
  protocolShare: bigint,
): void {
  const found = nextInitializedTickWithinOneWord(pool.bitmap, progress.tick, zeroForOne);
  const tickNext = Math.max(MIN_TICK, Math.min(MAX_TICK, found));
  const priceNext = getSqrtRatioAtTick(tickNext);
  const target = (zeroForOne ? priceNext < limit : priceNext > limit) ? limit : priceNext;
  const before = progress.sqrtPriceX96;
  const made = computeSwapStep(before, target, progress.liquidity, progress.remaining, pool.feePips);
  progress.sqrtPriceX96 = made.sqrtRatioNextX96;
  progress.steps++;
  if (exactInput) {
    progress.remaining -= made.amountIn + made.feeAmount;
    progress.calculated -= made.amountOut;
  } else {
    progress.remaining += made.amountOut;
    progress.calculated += made.amountIn + made.feeAmount;
  }
  takeFee(progress, made.feeAmount, protocolShare);
  if (made.sqrtRatioNextX96 === priceNext) {
    if (found === tickNext && isInitialized(pool.bitmap, tickNext)) cross(pool, progress, tickNext, zeroForOne);
    progress.tick = zeroForOne ? tickNext - 1 : tickNext;
  } else if (made.sqrtRatioNextX96 !== before) {
    progress.tick = getTickAtSqrtRatio(made.sqrtRatioNextX96);
  }
}

/** Splits a step's fee between protocol and liquidity; both shares round down, in the chain's order. */
function takeFee(progress: Progress, feeAmount: bigint, protocolShare: bigint): void {
  let fee = feeAmount;
  if (protocolShare > 0n) {
    const toProtocol = fee / protocolShare;
    fee -= toProtocol;
    progress.protocolFee += toProtocol;
  }
  if (progress.liquidity > 0n) {
    progress.feeGrowthGlobalX128 = addMod256(progress.feeGrowthGlobalX128, (fee << 128n) / progress.liquidity);
  }
}

function cross(pool: Pool, progress: Progress, tickNext: number, zeroForOne: boolean): void {
  const tick = pool.ticks.get(tickNext);
  if (tick === undefined) throw new RangeError(`the bitmap has tick ${tickNext}, the pool's ticks do not`);
  progress.crossed.push({ tick, feeGrowthGlobalX128: progress.feeGrowthGlobalX128 });
  const liquidity = zeroForOne ? progress.liquidity - tick.liquidityNet : progress.liquidity + tick.liquidityNet;
  if (liquidity < 0n) throw new PoolRevert('LS', `crossing tick ${tickNext} leaves liquidity ${liquidity}`);
  if (liquidity > MAX_UINT128) throw new PoolRevert('LA', `crossing tick ${tickNext} leaves liquidity ${liquidity}`);
  progress.liquidity = liquidity;
}

function assertOrder(pool: Pool, zeroForOne: boolean, amountSpecified: bigint, limit: bigint): void {
  if (amountSpecified === 0n) throw new PoolRevert('AS', 'amountSpecified must not be zero');
  const inReach = zeroForOne
    ? limit < pool.sqrtPriceX96 && limit > MIN_SQRT_RATIO
    : limit > pool.sqrtPriceX96 && limit < MAX_SQRT_RATIO;
  if (!inReach) throw new PoolRevert('SPL', `the price limit ${limit} is not ahead of ${pool.sqrtPriceX96}`);
}
