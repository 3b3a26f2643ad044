import type { EventData, marketObserved, RecentFees, Run } from '@rangeward/contracts';
import type { MarketDataSettings } from '@rangeward/market-data/config';
import { describeMarket } from '@rangeward/market-data/describe-market';
import { isoTimeOf } from '@rangeward/market-data/iso-time';
import { realisedVolatility } from '@rangeward/market-data/measure-volatility';
import { quotedSales } from '@rangeward/market-data/quoted-sales';
import { priceUsdE6At, type WatchedPool } from '@rangeward/market-data/watched-pool';
import { type Amounts, NO_AMOUNTS } from '@rangeward/uniswap-v3/liquidity-amounts';
import { isInRange } from '@rangeward/uniswap-v3/tick-grid';
import type { CandleBook } from './candle-book.ts';
import type { GasPrices, OwnPosition, Spot } from './market.ts';
import { type PoolTerms, TOKEN_ADDRESSES } from './pool-terms.ts';
import { countUntil, firstSince, type TradeColumns } from './trade-columns.ts';

type Observed = EventData<typeof marketObserved>;

/** Everything that is known at a moment; nothing in it is of later. */
export type Moment = {
  readonly run: Run;
  readonly spot: Spot;
  readonly trades: TradeColumns;
  readonly candles: CandleBook;
  readonly position: OwnPosition | null;
  readonly entry: Amounts;
  readonly idle: Amounts;
  /** What the pool would pay for so much now. */
  quote(zeroForOne: boolean, amountIn: bigint): bigint;
};

export type ObserveContext = {
  readonly terms: PoolTerms;
  readonly watched: WatchedPool;
  readonly gas: GasPrices;
  readonly settings: MarketDataSettings;
};

const WALLET = `0x${'00'.repeat(19)}aa` as const;
const NO_HASH = `0x${'0'.repeat(64)}` as const;
/** What market-data would say of this moment, made by market-data's own functions from the swaps that were replayed. */
export function observeMarket(context: ObserveContext, moment: Moment): Observed {
  const { settings } = context;
  const { spot, trades } = moment;
  const candles = moment.candles.at(spot.timeS, settings.lookbackS);
  const recentS = spot.timeS - settings.volatility.recentS;
  return {
    run: moment.run,
    market: marketOf(context, moment),
    candleSeconds: settings.candleSeconds,
    candles,
    vwapWindow: tradedByBlock(trades, spot.block, settings.vwapBlocks),
    vwapWindowBlocks: settings.vwapBlocks,
    realisedAnnual: realisedVolatility(candles, recentS, spot.timeS),
    normalAnnual: realisedVolatility(candles, 0, spot.timeS),
    feedComplete: true,
  };
}

function marketOf({ terms, watched, gas, settings }: ObserveContext, moment: Moment): Observed['market'] {
  const { spot, position } = moment;
  const twapTick = twapTickOf(moment.trades, spot.timeS, settings.twapWindowS);
  const block = { number: spot.block, timestampS: spot.timeS, hash: NO_HASH, parentHash: NO_HASH } as const;
  const { principal, fees } = position ?? { principal: NO_AMOUNTS, fees: NO_AMOUNTS };
  const range = { tickLower: position?.tickLower ?? 0, tickUpper: position?.tickUpper ?? terms.tickSpacing };
  return describeMarket(watched, {
    block: { ...block, baseFeeWei: gas.baseFeeWei(spot.timeS), logsBloom: undefined },
    pool: {
      address: watched.address,
      token0: TOKEN_ADDRESSES[0],
      token1: TOKEN_ADDRESSES[1],
      feePips: terms.feePips,
      tickSpacing: terms.tickSpacing,
      sqrtPriceX96: spot.sqrtPriceX96,
      tick: spot.tick,
      liquidity: spot.liquidity,
      feeProtocol0: spot.feeProtocol & 0xf,
      feeProtocol1: spot.feeProtocol >> 4,
      feeGrowthGlobal0X128: 0n,
      feeGrowthGlobal1X128: 0n,
      twapTick,
      twapWindowS: twapTick === null ? 0 : settings.twapWindowS,
    },
    position: {
      kind: 'position',
      ...{ ...range, tokenId: moment.run.tokenId, owner: WALLET, operator: WALLET },
      liquidity: position?.liquidity ?? 0n,
      ...{ feeGrowthInside0LastX128: 0n, feeGrowthInside1LastX128: 0n, tokensOwed0: 0n, tokensOwed1: 0n },
      inRange: position !== null && isInRange(spot.tick, position),
      ...principal,
      fees0: fees.amount0,
      fees1: fees.amount1,
    },
    positionId: moment.run.position,
    entry: moment.entry,
    idle: moment.idle,
    gas: {
      baseFeeWei: gas.baseFeeWei(spot.timeS),
      priorityFeeWei: gas.priorityFeeWei,
      l1FeeWei: gas.l1FeeWei,
    },
    quotes: quotesOf(moment, principal, fees),
    recentFees: recentFeesOf(moment.trades, spot.timeS, Math.min(settings.feeWindowS, settings.lookbackS)),
    nativePriceUsdE6: priceUsdE6At(watched, spot.sqrtPriceX96),
  });
}

function quotesOf({ quote }: Moment, principal: Amounts, fees: Amounts) {
  const held = { ...principal, fees0: fees.amount0, fees1: fees.amount1 };
  return quotedSales(held)
    .filter(({ amountIn }) => amountIn > 0n)
    .map((sale) => ({ ...sale, amountOut: quote(sale.zeroForOne, sale.amountIn) }));
}

/** As market-data's `recentFeesOf`, which a test holds it to: the same sum as a difference of two. */
export function recentFeesOf(trades: TradeColumns, endS: number, lookbackS: number): RecentFees | null {
  const startS = Math.max(endS - lookbackS, trades.timeS[0] ?? endS);
  const first = firstSince(trades, startS);
  const last = countUntil(trades, endS) - 1;
  if (last - first < 1 || endS <= startS) return null;
  const between = (sums: TradeColumns['growth0X128']) => {
    const [before, now] = [sums[first] ?? 0n, sums[last] ?? 0n];
    if (typeof now === 'bigint' && typeof before === 'bigint') return now - before;
    return BigInt(Math.floor(Number(now) - Number(before)));
  };
  return { windowS: endS - startS, growth0X128: between(trades.growth0X128), growth1X128: between(trades.growth1X128) };
}

/** As market-data's `sumByBlock`, from columns: only the window is looked at, not the whole day. */
function tradedByBlock(trades: TradeColumns, lastBlock: number, blocks: number): Observed['vwapWindow'] {
  let from = trades.length;
  while (from > 0 && (trades.block[from - 1] ?? 0) > lastBlock - blocks) from -= 1;
  const rows: { block: number; volatile: bigint; stable: bigint }[] = [];
  for (let at = from; at < trades.length; at += 1) {
    const block = trades.block[at] ?? 0;
    if (block > lastBlock) break;
    const volatile = BigInt(trades.volatileRaw[at] ?? 0);
    const stable = BigInt(trades.stableRaw[at] ?? 0);
    const last = rows.at(-1);
    if (last?.block === block) {
      last.volatile += volatile;
      last.stable += stable;
    } else rows.push({ block, volatile, stable });
  }
  return rows;
}

/**
 * The pool's own time-weighted mean tick over the window, rounded toward minus infinity, as its oracle would answer: the
 * tick after a block's last swap holds until the next block with one. Null when the swaps do not reach so far back.
 */
export function twapTickOf(trades: TradeColumns, endS: number, windowS: number): number | null {
  const startS = endS - windowS;
  let sum = 0;
  let untilS = endS;
  for (let at = trades.length - 1; at >= 0; at -= 1) {
    const sinceS = trades.timeS[at] ?? 0;
    const heldS = untilS - Math.max(sinceS, startS);
    if (heldS > 0) {
      sum += heldS * (trades.tick[at] ?? 0);
      untilS = Math.max(sinceS, startS);
    }
    if (sinceS <= startS) return Math.floor(sum / windowS);
  }
  return null;
}

/** A run as the scheduler would open it at this time; ids rise with `count` and are the same in every backtest. */
export function runAt(of: {
  readonly terms: PoolTerms;
  readonly count: number;
  readonly trigger: Run['trigger'];
  readonly timeS: number;
  readonly tokenId: bigint;
}): Run {
  return {
    id: of.count.toString(16).padStart(32, '0'),
    trigger: of.trigger,
    chain: of.terms.chain,
    pool: of.terms.address,
    position: 'backtest',
    tokenId: of.tokenId,
    mode: 'paper',
    startedAt: isoTimeOf({ timestampS: of.timeS }),
    deadline: isoTimeOf({ timestampS: of.timeS + RUN_S }),
  };
}

/** How long a run may take, as the scheduler sets it. */
const RUN_S = 300;
