import { divRoundingUp, Q192 } from './full-math.ts';
import type { Amounts } from './liquidity-amounts.ts';
import { getSqrtRatioAtTick, getTickAtSqrtRatio, MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO } from './tick-math.ts';

// Numbers here are for people and statistics (about 15 digits); whatever moves or counts money uses the bigint functions below them.

/** Which of the pool's tokens is the stable one: 0 on Ethereum's USDC/WETH, 1 on Base's. */
export type StableSide = 0 | 1;

/** The decimals of the pool's two tokens, for prices in whole tokens. */
export type Decimals = { readonly decimals0: number; readonly decimals1: number };

const TWO_POW_96 = 2 ** 96;
const TWO_POW_48 = 2 ** 48;

/** Whole token1 per whole token0, as a number. */
export function priceFromSqrtPriceX96(sqrtPriceX96: bigint, decimals0: number, decimals1: number): number {
  const root = Number(sqrtPriceX96) / TWO_POW_96;
  return root * root * 10 ** (decimals0 - decimals1);
}

/** The square-root price of `price` whole token1 per whole token0, good to the digits of a number. RangeError outside a pool's prices. */
export function sqrtPriceX96FromPrice(price: number, decimals0: number, decimals1: number): bigint {
  const root = Math.sqrt(price * 10 ** (decimals1 - decimals0));
  // Scaling in two steps keeps the fraction of small prices; a bigint takes only whole numbers.
  const sqrtPriceX96 = root > 0 && root < 2 ** 65 ? BigInt(Math.round(root * TWO_POW_48 * TWO_POW_48)) : 0n;
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) {
    throw new RangeError(`no pool can have the price ${price} (decimals ${decimals0} and ${decimals1})`);
  }
  return sqrtPriceX96;
}

/** Whole token1 per whole token0 at a tick's lower edge, as a number. */
export function priceFromTick(tick: number, decimals0: number, decimals1: number): number {
  return priceFromSqrtPriceX96(getSqrtRatioAtTick(tick), decimals0, decimals1);
}

/** The tick a pool shows at `price`: the greatest tick whose own price is not above it, so that `tickFromPrice(priceFromTick(t))` is t. */
export function tickFromPrice(price: number, decimals0: number, decimals1: number): number {
  const tick = getTickAtSqrtRatio(sqrtPriceX96FromPrice(price, decimals0, decimals1));
  if (priceFromTick(tick, decimals0, decimals1) > price) return tick - 1;
  return tick < MAX_TICK && priceFromTick(tick + 1, decimals0, decimals1) <= price ? tick + 1 : tick;
}

/** What people call the price: whole stable tokens per whole volatile token ("USDC per WETH"), whichever of them is token0. */
export function stablePerVolatile(
  of: Decimals & { readonly sqrtPriceX96: bigint; readonly stable: StableSide },
): number {
  const price = priceFromSqrtPriceX96(of.sqrtPriceX96, of.decimals0, of.decimals1);
  return of.stable === 1 ? price : 1 / price;
}

/** As `stablePerVolatile`, at a tick's edge. With the stable as token0 it falls when the tick rises. */
export function stablePerVolatileAtTick(of: Decimals & { readonly tick: number; readonly stable: StableSide }): number {
  return stablePerVolatile({ ...of, sqrtPriceX96: getSqrtRatioAtTick(of.tick) });
}

/** The square-root price at which one whole volatile token costs `price` whole stable ones, to the digits of a number. */
export function sqrtPriceX96FromStablePerVolatile(
  of: Decimals & { readonly price: number; readonly stable: StableSide },
): bigint {
  return sqrtPriceX96FromPrice(of.stable === 1 ? of.price : 1 / of.price, of.decimals0, of.decimals1);
}

/** The tick a pool shows when one whole volatile token costs `price` whole stable ones; the inverse of `stablePerVolatileAtTick`. */
export function tickFromStablePerVolatile(
  of: Decimals & { readonly price: number; readonly stable: StableSide },
): number {
  const tick = getTickAtSqrtRatio(sqrtPriceX96FromStablePerVolatile(of));
  // Compare in the orientation that was asked for, so that a printed price leads back to its tick.
  const reached = (candidate: number) => {
    const edge = stablePerVolatileAtTick({ ...of, tick: candidate });
    return of.stable === 1 ? edge <= of.price : edge >= of.price;
  };
  if (!reached(tick)) return tick - 1;
  return tick < MAX_TICK && reached(tick + 1) ? tick + 1 : tick;
}

/** Wei of token1 that `amount0` wei of token0 are worth at this price, rounded down. */
export function quoteToken0InToken1RoundingDown(sqrtPriceX96: bigint, amount0: bigint): bigint {
  return (amount0 * sqrtPriceX96 * sqrtPriceX96) >> 192n;
}

/** Wei of token1 that `amount0` wei of token0 are worth at this price, rounded up. */
export function quoteToken0InToken1RoundingUp(sqrtPriceX96: bigint, amount0: bigint): bigint {
  return divRoundingUp(amount0 * sqrtPriceX96 * sqrtPriceX96, Q192);
}

/** Wei of token0 that `amount1` wei of token1 are worth at this price, rounded down. */
export function quoteToken1InToken0RoundingDown(sqrtPriceX96: bigint, amount1: bigint): bigint {
  return (amount1 << 192n) / (sqrtPriceX96 * sqrtPriceX96);
}

/** Wei of token0 that `amount1` wei of token1 are worth at this price, rounded up. */
export function quoteToken1InToken0RoundingUp(sqrtPriceX96: bigint, amount1: bigint): bigint {
  return divRoundingUp(amount1 << 192n, sqrtPriceX96 * sqrtPriceX96);
}

/** Both amounts in wei of token1 at this price, rounded down. */
export function valueInToken1RoundingDown(of: Amounts & { readonly sqrtPriceX96: bigint }): bigint {
  return of.amount1 + quoteToken0InToken1RoundingDown(of.sqrtPriceX96, of.amount0);
}

/** Both amounts in wei of token0 at this price, rounded down. */
export function valueInToken0RoundingDown(of: Amounts & { readonly sqrtPriceX96: bigint }): bigint {
  return of.amount0 + quoteToken1InToken0RoundingDown(of.sqrtPriceX96, of.amount1);
}

/** Micro-dollars of so many wei of the stable token, rounded down, taking one token as one dollar. */
export function stableUsdE6RoundingDown(amount: bigint, stableDecimals: number): bigint {
  return (amount * 1_000_000n) / 10n ** BigInt(stableDecimals);
}

/**
 * Both amounts in whole micro-dollars, rounded down, taking one stable token as one dollar.
 * The stable token must have 6 decimals (USDC), so that its wei are micro-dollars.
 */
export function valueUsdE6(of: Amounts & { readonly sqrtPriceX96: bigint; readonly stable: StableSide }): bigint {
  return of.stable === 0 ? valueInToken0RoundingDown(of) : valueInToken1RoundingDown(of);
}

/** Micro-dollars for one whole volatile token, rounded down; the stable token has 6 decimals, the volatile `decimalsVolatile`. */
export function volatilePriceUsdE6(of: {
  readonly sqrtPriceX96: bigint;
  readonly stable: StableSide;
  readonly decimalsVolatile: number;
}): bigint {
  const one = 10n ** BigInt(of.decimalsVolatile);
  return of.stable === 0
    ? quoteToken1InToken0RoundingDown(of.sqrtPriceX96, one)
    : quoteToken0InToken1RoundingDown(of.sqrtPriceX96, one);
}
