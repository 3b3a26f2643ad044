import { clamp } from '@rangeward/uniswap-v3/full-math';
import {
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
  liquidityForAmounts,
  NO_AMOUNTS,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { computeSwapStep } from '@rangeward/uniswap-v3/swap-math';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO } from '@rangeward/uniswap-v3/tick-math';
import { blockAt } from './block-clock.ts';
import { createLvrMeter, type LvrMeter } from './lvr-meter.ts';
import type { GasPrices, Market, OwnPosition, Venue, Watch } from './market.ts';
import { feePerPathUnit, type PoolTerms } from './pool-terms.ts';
import { copyColumns, countUntil, type TradeColumns } from './trade-columns.ts';

/** Prices and the pool's liquidity after each swap, and nothing of the liquidity elsewhere. */
export type PricePath = {
  readonly columns: TradeColumns;
  /** In range after each swap, as a number. */
  readonly liquidity: Float64Array;
  /** Exact where a recording says it; else from the number. */
  readonly sqrtPricesX96: readonly bigint[] | null;
};

/**
 * A past of which only the swaps are known. Fees follow from the price path (see packages/uniswap-v3, price-path-fees),
 * each swap's held down by L_pool / (L_pool + L_ours): had we been there, the same input would have moved the price that
 * much less. To first order, so it holds for a position that is small beside the pool; the path itself stays as it was.
 */
export function createPricePathMarket(of: {
  readonly about: string;
  readonly method: string;
  readonly terms: PoolTerms;
  readonly path: PricePath;
  readonly gas: GasPrices;
}): Market {
  const { columns } = of.path;
  const { about, method, terms, gas } = of;
  return {
    kind: 'price-path',
    ...{ about, method, terms, gas },
    firstS: columns.timeS[0] ?? 0,
    lastS: columns.timeS[columns.length - 1] ?? 0,
    open: (startS) => openVenue(terms, of.path, startS),
    truncate(endS) {
      const length = countUntil(columns, endS);
      const path = {
        columns: copyColumns(columns, length),
        liquidity: of.path.liquidity.slice(0, length),
        sqrtPricesX96: of.path.sqrtPricesX96?.slice(0, length) ?? null,
      };
      return createPricePathMarket({ ...of, path });
    },
  };
}

/** The position as the loop over swaps needs it: numbers only. */
type Earning = {
  readonly range: TickRange;
  readonly liquidity: bigint;
  readonly units: number;
  readonly low: number;
  readonly high: number;
  fees0: number;
  fees1: number;
};

type State = {
  readonly terms: PoolTerms;
  readonly path: PricePath;
  /** The path up to now. */
  readonly trades: TradeColumns;
  readonly lvr: LvrMeter;
  readonly total: number;
  clockS: number;
  inRangeS: number;
  own: Earning | null;
};

function openVenue(terms: PoolTerms, path: PricePath, startS: number): Venue {
  const length = countUntil(path.columns, startS);
  const state: State = {
    ...{ terms, path },
    trades: { ...path.columns, length },
    lvr: createLvrMeter(terms.stable),
    total: path.columns.length,
    clockS: startS,
    inRangeS: 0,
    own: null,
  };
  const priceX96 = () => priceX96At(path, state.trades.length - 1);
  const others = () => BigInt(Math.max(1, Math.round(path.liquidity[state.trades.length - 1] ?? 0)));
  const liquidityNow = () => others() + (isInRange(state) ? (state.own?.liquidity ?? 0n) : 0n);
  return {
    trades: state.trades,
    spot: () => ({
      ...blockAt(state.trades, state.clockS, terms.blockTimeS),
      sqrtPriceX96: priceX96(),
      tick: tickNow(state),
      liquidity: liquidityNow(),
      feeProtocol: terms.feeProtocol,
    }),
    advance: (untilS, watch) => advance(state, untilS, watch),
    position: () => (state.own === null ? null : viewOf(state.own, priceX96())),
    mint(range, amounts) {
      const sqrtPriceX96 = priceX96();
      const liquidity = liquidityForAmounts({ ...range, ...amounts, sqrtPriceX96 });
      if (liquidity === 0n) return null;
      state.own = earningOf(range, liquidity);
      state.lvr.begin(range, Number(liquidity), sqrtNow(state), state.clockS);
      return { liquidity, used: amountsForLiquidityRoundingUp({ ...range, sqrtPriceX96, liquidity }) };
    },
    close() {
      const view = state.own === null ? null : viewOf(state.own, priceX96());
      state.own = null;
      state.lvr.end(sqrtNow(state), sqrtNow(state));
      return { principal: view?.principal ?? NO_AMOUNTS, fees: view?.fees ?? NO_AMOUNTS };
    },
    collect() {
      if (state.own === null) return NO_AMOUNTS;
      const { fees } = viewOf(state.own, priceX96());
      state.own.fees0 -= Number(fees.amount0);
      state.own.fees1 -= Number(fees.amount1);
      return fees;
    },
    quote: (zeroForOne, amountIn) => paidFor(state, liquidityNow(), zeroForOne, amountIn),
    sell: (zeroForOne, amountIn) => paidFor(state, liquidityNow(), zeroForOne, amountIn),
    lvrUsdE6: () => state.lvr.totalUsdE6(),
    inRangeS: () => state.inRangeS,
  };
}

/** At the liquidity of now, taken as the same over the whole swap. */
function paidFor(state: State, liquidity: bigint, zeroForOne: boolean, amountIn: bigint): bigint {
  const furthest = zeroForOne ? MIN_SQRT_RATIO : MAX_SQRT_RATIO - 1n;
  const price = priceX96At(state.path, state.trades.length - 1);
  return computeSwapStep(price, furthest, liquidity, amountIn, state.terms.feePips).amountOut;
}

function earningOf(range: TickRange, liquidity: bigint): Earning {
  const [low, high] = [1.0001 ** (range.tickLower / 2), 1.0001 ** (range.tickUpper / 2)];
  return { range, liquidity, units: Number(liquidity), low, high, fees0: 0, fees1: 0 };
}

function viewOf(own: Earning, sqrtPriceX96: bigint): OwnPosition {
  const { range, liquidity } = own;
  return {
    tickLower: range.tickLower,
    tickUpper: range.tickUpper,
    liquidity,
    principal: amountsForLiquidityRoundingDown({ ...range, liquidity, sqrtPriceX96 }),
    fees: { amount0: BigInt(Math.floor(own.fees0)), amount1: BigInt(Math.floor(own.fees1)) },
  };
}

/** The hot loop: one turn a swap, numbers alone. */
function advance(state: State, untilS: number, watch: Watch | null): boolean {
  const { trades, path, own, lvr, total } = state;
  const { timeS, sqrtPrice, tick } = trades;
  const keep0 = feePerPathUnit(state.terms, true);
  const keep1 = feePerPathUnit(state.terms, false);
  const wantInside = watch?.until === 'inside';
  let at = trades.length;
  let clockS = state.clockS;
  let fired = false;
  while (at < total) {
    const now = timeS[at] ?? 0;
    if (now > untilS) break;
    const price = sqrtPrice[at] ?? 0;
    if (own !== null) {
      const tickBefore = tick[at - 1] ?? 0;
      if (tickBefore >= own.range.tickLower && tickBefore < own.range.tickUpper) state.inRangeS += now - clockS;
      earn(own, sqrtPrice[at - 1] ?? price, price, path.liquidity[at] ?? 0, keep0, keep1);
    }
    clockS = now;
    at += 1;
    // A block is over when the next swap is in another one; what the price does within it nobody could have traded on.
    if (timeS[at] === now) continue;
    lvr.sample(price, price, now);
    if (watch !== null) {
      const reached = tick[at - 1] ?? 0;
      const inside = reached >= watch.tickLower && reached < watch.tickUpper;
      if (inside === wantInside) {
        fired = true;
        break;
      }
    }
  }
  trades.length = at;
  if (!fired) {
    if (isInRange(state)) state.inRangeS += untilS - clockS;
    clockS = untilS;
  }
  state.clockS = clockS;
  return fired;
}

function earn(own: Earning, from: number, to: number, others: number, keep0: number, keep1: number): void {
  const before = Math.min(own.high, Math.max(own.low, from));
  const now = Math.min(own.high, Math.max(own.low, to));
  if (now === before) return;
  const units = (own.units * others) / (others + own.units);
  if (now < before) own.fees0 += units * (1 / now - 1 / before) * keep0;
  else own.fees1 += units * (now - before) * keep1;
}

function isInRange(state: State): boolean {
  const tick = tickNow(state);
  return state.own !== null && tick >= state.own.range.tickLower && tick < state.own.range.tickUpper;
}

function tickNow({ trades }: State): number {
  return trades.tick[trades.length - 1] ?? 0;
}

function sqrtNow({ trades }: State): number {
  return trades.sqrtPrice[trades.length - 1] ?? 0;
}

function priceX96At(path: PricePath, at: number): bigint {
  const exact = path.sqrtPricesX96?.[at];
  if (exact !== undefined) return exact;
  return clamp(BigInt(Math.round((path.columns.sqrtPrice[at] ?? 0) * 2 ** 96)), MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1n);
}
