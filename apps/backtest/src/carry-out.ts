import type { DecisionSettings } from '@rangeward/decision/config';
import { gasUnitsOf, l1FeeWeiOf, type PaidAction } from '@rangeward/decision/expected-gas';
import { type Amounts, NO_AMOUNTS, swapToRatio } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { addAmounts, type LedgerEntry, subtractAmounts } from '@rangeward/uniswap-v3/value-ledger';
import type { GasPrices, Venue } from './market.ts';
import type { PoolTerms } from './pool-terms.ts';
import type { Move } from './strategy.ts';

/** What is ours while the past goes on; its books are those of the product (packages/uniswap-v3, value-ledger). */
export type Portfolio = {
  readonly terms: PoolTerms;
  readonly gas: GasPrices;
  readonly gasUnits: DecisionSettings['gas'];
  readonly venue: Venue;
  readonly entries: LedgerEntry[];
  idle: Amounts;
  /** Number of the position that is open, or was last. */
  nft: bigint;
  feesCollected: Amounts;
  gasUsdE6: number;
  /** For the limits of the day. */
  readonly spent: { readonly timeS: number; readonly gasUsdE6: number; readonly rebalance: boolean }[];
};

/** What became of a move. */
export type Execution =
  | { readonly kind: 'done'; readonly atS: number; readonly gasUsdE6: number; readonly swapUsdE6: number }
  /** Not sent, so it cost nothing: as the executor refuses a plan that the price has run away from. */
  | { readonly kind: 'refused'; readonly atS: number; readonly reason: string };

/**
 * Carries a move out in the venue's present block: burn, collect, swap to the new ratio, mint. As the executor does it, with
 * what the position paid out and nothing that was idle before. Fees and impact go to the pool, gas comes out of a purse beside it. `decidedTick` is where the tick was when the move was decided.
 */
export function carryOut(portfolio: Portfolio, move: Move, decidedTick: number): Execution {
  const { venue } = portfolio;
  const { timeS: atS, tick } = venue.spot();
  const moved = Math.abs(tick - decidedTick);
  if (moved > move.maxTickDeviation) {
    return { kind: 'refused', atS, reason: `the tick moved by ${moved} since, at most ${move.maxTickDeviation}` };
  }
  if (move.kind === 'collect') {
    collectFees(portfolio);
    return { kind: 'done', atS, gasUsdE6: payGas(portfolio, 'collect'), swapUsdE6: 0 };
  }
  const paid = closePosition(portfolio);
  let swapUsdE6 = 0;
  if (move.range !== null) {
    const swapped = move.withSwap ? swapForRange(portfolio, move.range, paid) : { held: paid, swapUsdE6: 0 };
    swapUsdE6 = swapped.swapUsdE6;
    openPosition(portfolio, move.range, swapped.held);
  }
  return { kind: 'done', atS, gasUsdE6: payGas(portfolio, actionOf(move)), swapUsdE6 };
}

function actionOf(move: Move): PaidAction {
  if (move.range === null) return 'exit';
  return move.withSwap ? 'rebalance' : 'rebalance-without-swap';
}

/** Brings in what one begins with. */
export function deposit(portfolio: Portfolio, amounts: Amounts): void {
  const { sqrtPriceX96 } = portfolio.venue.spot();
  portfolio.entries.push({ kind: 'deposit', sqrtPriceX96, ...amounts });
  portfolio.idle = addAmounts(portfolio.idle, amounts);
}

/** Mints what so much of the idle amounts gives; what does not fit stays idle. */
export function openPosition(portfolio: Portfolio, range: TickRange, held: Amounts): void {
  const { venue, entries } = portfolio;
  const { sqrtPriceX96 } = venue.spot();
  const minted = venue.mint(range, held);
  if (minted === null) return;
  portfolio.nft += 1n;
  entries.push({ kind: 'increase', nft: portfolio.nft, liquidity: minted.liquidity, sqrtPriceX96, ...minted.used });
  portfolio.idle = subtractAmounts(portfolio.idle, minted.used);
}

/** Sells of what is held what the range does not take, in this pool; answers what is held then, and the dollars sold. */
export function swapForRange(
  portfolio: Portfolio,
  range: TickRange,
  held: Amounts,
): { readonly held: Amounts; readonly swapUsdE6: number } {
  const { venue, terms, entries } = portfolio;
  const { sqrtPriceX96, liquidity } = venue.spot();
  const order = swapToRatio({
    ...range,
    ...held,
    sqrtPriceX96,
    feePips: terms.feePips,
    ...(liquidity > 0n ? { activeLiquidity: liquidity } : {}),
  });
  if (order.amountIn === 0n) return { held, swapUsdE6: 0 };
  const amountOut = venue.sell(order.zeroForOne, order.amountIn);
  const change = order.zeroForOne
    ? { amount0: -order.amountIn, amount1: amountOut }
    : { amount0: amountOut, amount1: -order.amountIn };
  entries.push({ kind: 'swap', sqrtPriceX96, ...change });
  portfolio.idle = addAmounts(portfolio.idle, change);
  const sold = order.zeroForOne ? { amount0: order.amountIn, amount1: 0n } : { amount0: 0n, amount1: order.amountIn };
  const swapUsdE6 = Number(valueUsdE6({ ...sold, sqrtPriceX96, stable: terms.stable }));
  return { held: addAmounts(held, change), swapUsdE6 };
}

/** Burns and collects everything; answers what was paid out. */
function closePosition(portfolio: Portfolio): Amounts {
  const { venue, entries } = portfolio;
  const position = venue.position();
  if (position === null) return NO_AMOUNTS;
  const { sqrtPriceX96 } = venue.spot();
  const { principal, fees } = venue.close();
  const { nft } = portfolio;
  entries.push({ kind: 'decrease', nft, liquidity: position.liquidity, sqrtPriceX96, ...principal });
  const paid = addAmounts(principal, fees);
  entries.push({ kind: 'collect', nft, sqrtPriceX96, ...paid });
  portfolio.idle = addAmounts(portfolio.idle, paid);
  portfolio.feesCollected = addAmounts(portfolio.feesCollected, fees);
  return paid;
}

function collectFees(portfolio: Portfolio): void {
  const { venue, entries, nft } = portfolio;
  const { sqrtPriceX96 } = venue.spot();
  const fees = venue.collect();
  entries.push({ kind: 'collect', nft, sqrtPriceX96, ...fees });
  portfolio.idle = addAmounts(portfolio.idle, fees);
  portfolio.feesCollected = addAmounts(portfolio.feesCollected, fees);
}

/** Gas in the wrapped coin, which is the pool's volatile token; answers micro-dollars, rounded down. */
function payGas(portfolio: Portfolio, action: PaidAction): number {
  const { terms, gas, gasUnits, venue } = portfolio;
  const { sqrtPriceX96, timeS } = venue.spot();
  const baseFeeWei = gas.baseFeeWei(timeS);
  const { priorityFeeWei, l1FeeWei } = gas;
  const units = BigInt(gasUnitsOf(action, gasUnits));
  const wei = units * (baseFeeWei + priorityFeeWei) + l1FeeWeiOf(action, { baseFeeWei, priorityFeeWei, l1FeeWei });
  const paid = terms.stable === 0 ? { amount0: 0n, amount1: wei } : { amount0: wei, amount1: 0n };
  portfolio.entries.push({ kind: 'gas', sqrtPriceX96, ...paid });
  const gasUsdE6 = Number(valueUsdE6({ ...paid, sqrtPriceX96, stable: terms.stable }));
  portfolio.gasUsdE6 += gasUsdE6;
  portfolio.spent.push({ timeS, gasUsdE6, rebalance: action.startsWith('rebalance') });
  return gasUsdE6;
}
