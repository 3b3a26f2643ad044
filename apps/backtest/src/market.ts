import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import type { PoolTerms } from './pool-terms.ts';
import type { TradeColumns } from './trade-columns.ts';

/**
 * A past that can be lived through again, any number of times, each time with a position of our own in it. Two kinds:
 * `replayed` keeps the whole pool, to the wei, so that our liquidity earns what the contracts would have given it, takes
 * from the others and damps the price; `price-path` knows only prices and liquidity after each swap.
 */
export type Market = {
  readonly kind: 'replayed' | 'price-path';
  /** What it is, for a person. */
  readonly about: string;
  /** How fees are reckoned in it, and why so. */
  readonly method: string;
  readonly terms: PoolTerms;
  readonly firstS: number;
  readonly lastS: number;
  readonly gas: GasPrices;
  /** A life of its own from the moment `startS` on; everything before is history. */
  open(startS: number): Venue;
  /** The same past, known only up to and with `endS`. */
  truncate(endS: number): Market;
};

/** What gas cost; `about` says where that comes from. */
export type GasPrices = {
  readonly about: string;
  /** Wei for a unit of gas in the block after this time. */
  baseFeeWei(timeS: number): bigint;
  readonly priorityFeeWei: bigint;
  readonly l1FeeWei: bigint;
};

/** The pool after the last block that has been lived through. */
export type Spot = {
  /** Time of the block the moment falls in, Unix seconds; blocks go on also when nobody trades. */
  readonly timeS: number;
  readonly block: number;
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  /** In range, ours included. */
  readonly liquidity: bigint;
  readonly feeProtocol: number;
};

/** When to come back before the time is up: as soon as a tick outside (or, with `inside`, within) the range was reached. */
export type Watch = TickRange & { readonly until: 'outside' | 'inside' };

export type OwnPosition = TickRange & {
  readonly liquidity: bigint;
  /** What a burn would pay, rounded down. */
  readonly principal: Amounts;
  /** What a collect would pay beside, rounded down. */
  readonly fees: Amounts;
};

/** A market that is being lived through, with at most one position of ours. */
export type Venue = {
  readonly trades: TradeColumns;
  spot(): Spot;
  /** On to the last block not after `untilS`, or to the first that ends the watch. False when the past is over. */
  advance(untilS: number, watch: Watch | null): boolean;
  position(): OwnPosition | null;
  /** Mints what the amounts give; answers what it took. Null when they give no liquidity. */
  mint(range: TickRange, amounts: Amounts): { readonly liquidity: bigint; readonly used: Amounts } | null;
  /** Burns and collects everything. */
  close(): { readonly principal: Amounts; readonly fees: Amounts };
  collect(): Amounts;
  /** What selling so much would pay now; nothing is sold. */
  quote(zeroForOne: boolean, amountIn: bigint): bigint;
  /** Sells in the pool; answers what it paid. The price returns where it was unless the market itself brings it back. */
  sell(zeroForOne: boolean, amountIn: bigint): bigint;
  /** Loss against rebalancing so far, micro-dollars (not rounded), and against which price. */
  lvrUsdE6(): number;
  /** Seconds that the position was in range so far. */
  inRangeS(): number;
};
