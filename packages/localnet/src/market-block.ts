/**
 * The words between a market source (a model or a recording) and the driver that makes the pool trade.
 *
 * A source yields market blocks; a market block is a moment and the swaps that want to happen in it, in order.
 * What a swap wants is said without knowing the pool: how many dollars, or up to which price. The driver turns
 * that into a router call when it knows where the pool stands.
 */

export type Side = 'buy-weth' | 'sell-weth';

/** Somebody trades this much, whatever the price: `amountUsdE6` is the value of the input in micro-dollars. */
export type AmountSwap = { readonly kind: 'amount'; readonly side: Side; readonly amountUsdE6: bigint };

/**
 * Somebody knows the price elsewhere. When the pool is further than `triggerBps` from `priceUsdE6` (micro-dollars
 * per WETH) it is worth their gas, and they trade until the gap is `stopBps`, where the pool's fee eats the rest.
 * Within the trigger nothing is sent.
 */
export type ArbitrageSwap = {
  readonly kind: 'arbitrage';
  readonly priceUsdE6: bigint;
  readonly triggerBps: number;
  readonly stopBps: number;
};

/** A swap that ends at exactly this pool price (Q64.96, raw token1 per token0), as a recorded one did. */
type PriceSwap = { readonly kind: 'to-price'; readonly sqrtPriceX96: bigint };

export type MarketSwap = AmountSwap | ArbitrageSwap | PriceSwap;

/** `timestampS` is in Unix seconds and rises strictly from block to block. */
export type MarketBlock = { readonly timestampS: number; readonly swaps: readonly MarketSwap[] };
