import { routerOrders } from '@rangeward/localnet/drive-order';
import type { MarketSwap } from '@rangeward/localnet/market-block';
import { type Amounts, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { burnUnknown, flash, mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { MAX_INT256, type PoolEvent } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, initialize, type Pool, setFeeProtocol } from '@rangeward/uniswap-v3/pool-state';
import { type SwapOrder, swap } from '@rangeward/uniswap-v3/pool-swap';
import type { GasPrices, Market } from './market.ts';
import type { PoolTerms } from './pool-terms.ts';
import { openReplayedVenue } from './replayed-venue.ts';
import { appendTrade, copyColumns, createColumns, type TradeColumns } from './trade-columns.ts';

/** What somebody else does in a block. */
export type Act =
  /** A recorded swap: what was asked for, and where the pool stood when it was. */
  | { readonly kind: 'swap'; readonly order: SwapOrder; readonly amountIn: bigint; readonly before: PoolPoint }
  /** A recorded event other than a swap. */
  | { readonly kind: 'event'; readonly event: Exclude<PoolEvent, { kind: 'swap' }> }
  /** A recorded swap over ticks that nobody knows: it ends here, with so much more liquidity than the known ticks give. */
  | { readonly kind: 'reach'; readonly sqrtPriceX96: bigint; readonly tick: number; readonly liquidityDelta: bigint }
  /** A swap of the market model, which looks at the pool before it asks. */
  | { readonly kind: 'wish'; readonly swap: MarketSwap };

export type PoolPoint = { readonly sqrtPriceX96: bigint; readonly liquidity: bigint };

export type ReplayBlock = {
  readonly timeS: number;
  readonly number: number;
  readonly acts: readonly Act[];
  /** The price elsewhere, as the square root of token1/token0 in raw units; null where only the pool's is known. */
  readonly outsideSqrtPrice: number | null;
};

export type ReplaySource = {
  readonly about: string;
  readonly method: string;
  readonly terms: PoolTerms;
  readonly start: Pool;
  readonly blocks: readonly ReplayBlock[];
  readonly gas: GasPrices;
  /** The market itself trades the price back after us; in a recording somebody is taken to do so at once. */
  readonly answersToUs: boolean;
};

/** The pool without us at a moment, with the swaps that led there; `next` is the first block that is not in it. */
export type Snapshot = { readonly pool: Pool; readonly trades: TradeColumns; readonly next: number };

/** A past whose pool is known whole: replayed by the contracts' own arithmetic with our liquidity in it. */
export function createReplayedMarket(source: ReplaySource): Market {
  const snapshots = new Map<number, Snapshot>();
  return replayedMarket(source, snapshots);
}

function replayedMarket(source: ReplaySource, snapshots: Map<number, Snapshot>): Market {
  const { about, method, terms, gas, blocks } = source;
  return {
    kind: 'replayed',
    ...{ about, method, terms, gas },
    firstS: blocks[0]?.timeS ?? 0,
    lastS: blocks.at(-1)?.timeS ?? 0,
    open: (startS) => openReplayedVenue(source, snapshotAt(source, snapshots, startS), startS),
    truncate: (endS) => {
      const known = [...snapshots].filter(([startS]) => startS <= endS);
      return replayedMarket({ ...source, blocks: blocks.filter(({ timeS }) => timeS <= endS) }, new Map(known));
    },
  };
}

/** Kept for each moment that was asked for: several strategies and many trials begin at the same ones. */
function snapshotAt(source: ReplaySource, snapshots: Map<number, Snapshot>, startS: number): Snapshot {
  const known = snapshots.get(startS);
  if (known !== undefined) return known;
  const earlier = [...snapshots.keys()].filter((timeS) => timeS < startS);
  const base = snapshots.get(Math.max(...earlier));
  const pool = clonePool(base?.pool ?? source.start);
  const trades = base === undefined ? createColumns(4096) : copyColumns(base.trades, base.trades.length);
  let next = base?.next ?? 0;
  for (; (source.blocks[next]?.timeS ?? Number.POSITIVE_INFINITY) <= startS; next += 1) {
    const block = source.blocks[next];
    if (block !== undefined) liveThrough(pool, block, source.terms, trades);
  }
  const snapshot = { pool, trades, next };
  snapshots.set(startS, snapshot);
  return snapshot;
}

/** Everything the others do in a block; their swaps are noted. */
export function liveThrough(pool: Pool, block: ReplayBlock, terms: PoolTerms, trades: TradeColumns): void {
  for (const act of block.acts) {
    if (act.kind === 'event') {
      applyEvent(pool, act.event);
      continue;
    }
    const traded = tradedBy(act, pool, terms);
    if (traded === undefined) continue;
    const { amount0, amount1 } = traded;
    const { sqrtPriceX96, tick } = pool;
    appendTrade(trades, terms, { timeS: block.timeS, block: block.number, tick, sqrtPriceX96, amount0, amount1 });
  }
}

function tradedBy(act: Exclude<Act, { kind: 'event' }>, pool: Pool, terms: PoolTerms): Amounts | undefined {
  if (act.kind === 'swap') return swap(pool, orderNow(act, pool));
  if (act.kind === 'reach') {
    const traded = moveToPrice(pool, act.sqrtPriceX96);
    pool.liquidity += act.liquidityDelta;
    pool.tick = act.tick;
    return traded;
  }
  const order = wishNow(act.swap, pool, terms);
  return order === undefined ? undefined : swap(pool, order);
}

/** Somebody trades until the pool has this price; answers what changed hands. */
export function moveToPrice(pool: Pool, sqrtPriceLimitX96: bigint): Amounts {
  if (pool.sqrtPriceX96 === sqrtPriceLimitX96) return NO_AMOUNTS;
  const zeroForOne = sqrtPriceLimitX96 < pool.sqrtPriceX96;
  return swap(pool, { zeroForOne, amountSpecified: MAX_INT256, sqrtPriceLimitX96 });
}

/**
 * Where the pool stands as it stood, the swap is the recorded one to the wei. Where our liquidity made a difference, the
 * same people pay in the same amount.
 */
function orderNow(act: Extract<Act, { kind: 'swap' }>, pool: Pool): SwapOrder {
  const same = pool.sqrtPriceX96 === act.before.sqrtPriceX96 && pool.liquidity === act.before.liquidity;
  return same ? act.order : { zeroForOne: act.order.zeroForOne, amountSpecified: act.amountIn };
}

function wishNow(wish: MarketSwap, pool: Pool, terms: PoolTerms): SwapOrder | undefined {
  const [order] = routerOrders([wish], { sqrtPriceX96: pool.sqrtPriceX96, stable: terms.stable });
  if (order === undefined) return undefined;
  const { zeroForOne, amountIn, sqrtPriceLimitX96 } = order;
  return { zeroForOne, amountSpecified: amountIn, ...(sqrtPriceLimitX96 === 0n ? {} : { sqrtPriceLimitX96 }) };
}

/**
 * The others' mints and burns cost them other amounts at another price; what counts here is their liquidity. What they
 * take out of their own pockets changes nothing for us.
 */
function applyEvent(pool: Pool, event: Exclude<PoolEvent, { kind: 'swap' }>): void {
  if (event.kind === 'mint') mint(pool, event);
  else if (event.kind === 'burn') burnUnknown(pool, event);
  else if (event.kind === 'flash') flash(pool, event);
  else if (event.kind === 'set-fee-protocol') setFeeProtocol(pool, event.feeProtocol0, event.feeProtocol1);
  else if (event.kind === 'initialize') initialize(pool, event.sqrtPriceX96);
}
