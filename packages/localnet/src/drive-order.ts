import {
  quoteToken0InToken1RoundingDown,
  quoteToken1InToken0RoundingDown,
  type StableSide,
  sqrtPriceX96FromStablePerVolatile,
  stablePerVolatile,
} from '@rangeward/uniswap-v3/price';
import type { AmountSwap, ArbitrageSwap, MarketSwap } from './market-block.ts';

/** Where the pool stands; `stable` says which token is USDC (6 decimals; the other is WETH with 18). */
export type PoolPrice = { readonly sqrtPriceX96: bigint; readonly stable: StableSide };

/** One exactInputSingle: `zeroForOne` pays token0. A limit of 0 is no limit, as in the router. */
export type RouterOrder = {
  readonly zeroForOne: boolean;
  readonly amountIn: bigint;
  readonly sqrtPriceLimitX96: bigint;
};

/** More than any pool takes on the way to a price: the limit ends the swap, and only what was used is paid. */
const enoughIn = 1n << 128n;

/**
 * The orders that the swaps of one block come to, in their order, from where the pool stands. `undefined` stands for a swap
 * with nothing to do: an arbitrage that does not pay, or a price that is already reached.
 */
export function routerOrders(swaps: readonly MarketSwap[], start: PoolPrice): (RouterOrder | undefined)[] {
  let pool = start;
  return swaps.map((swap) => {
    if (swap.kind === 'amount') return amountOrder(swap, pool);
    const target = swap.kind === 'to-price' ? swap.sqrtPriceX96 : arbitrageTarget(swap, pool);
    if (target === undefined || target === pool.sqrtPriceX96) return undefined;
    const zeroForOne = target < pool.sqrtPriceX96;
    pool = { ...pool, sqrtPriceX96: target };
    return { zeroForOne, amountIn: enoughIn, sqrtPriceLimitX96: target };
  });
}

/** Dollars as USDC, or as the WETH (rounded down) they are worth at the pool's price. */
function amountOrder({ side, amountUsdE6 }: AmountSwap, { sqrtPriceX96, stable }: PoolPrice): RouterOrder | undefined {
  const payUsdc = side === 'buy-weth';
  const toWeth = stable === 0 ? quoteToken0InToken1RoundingDown : quoteToken1InToken0RoundingDown;
  const amountIn = payUsdc ? amountUsdE6 : toWeth(sqrtPriceX96, amountUsdE6);
  return amountIn > 0n ? { zeroForOne: payUsdc === (stable === 0), amountIn, sqrtPriceLimitX96: 0n } : undefined;
}

/** The pool price at which the gap to the external price is `stopBps`; undefined within `triggerBps`. */
function arbitrageTarget(swap: ArbitrageSwap, { sqrtPriceX96, stable }: PoolPrice): bigint | undefined {
  const decimals = stable === 0 ? { decimals0: 6, decimals1: 18 } : { decimals0: 18, decimals1: 6 };
  const external = Number(swap.priceUsdE6) / 1e6;
  const gapBps = 1e4 * Math.log(external / stablePerVolatile({ sqrtPriceX96, stable, ...decimals }));
  if (Math.abs(gapBps) <= swap.triggerBps) return undefined;
  const price = external * Math.exp((-Math.sign(gapBps) * swap.stopBps) / 1e4);
  return sqrtPriceX96FromStablePerVolatile({ price, stable, ...decimals });
}
