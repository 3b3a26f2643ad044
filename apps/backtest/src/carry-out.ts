import type { DecisionSettings } from '@rangeward/decision/config';
import { gasUnitsOf, l1FeeWeiOf, type PaidAction } from '@rangeward/decision/expected-gas';
import { type Amounts, swapToRatio } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { addAmounts, type LedgerEntry, subtractAmounts } from '@rangeward/uniswap-v3/value-ledger';
import type { GasPrices, Venue } from './market.ts';
import type { PoolTerms } from './pool-terms.ts';
import type { Move } from './strategy.ts';

/** What is ours while the past goes on; its books are those of the product (packages/uniswap-v3, value-ledger). */
export type Estate = {
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
export type Deed =
  | { readonly kind: 'done'; readonly atS: number; readonly gasUsdE6: number; readonly swapUsdE6: number }
  /** Not sent, so it cost nothing: as the executor refuses a plan that the price has run away from. */
  | { readonly kind: 'refused'; readonly atS: number; readonly reason: string };

/**
 * Carries a move out in the venue's present block: burn, collect, swap to the new ratio, mint. As the executor does it, with
 * what the position paid out and nothing that was idle before. Fees and impact go to the pool, gas comes out of a purse beside it. `decidedTick` is where the tick was when the move was decided.
 */
export function carryOut(estate: Estate, move: Move, decidedTick: number): Deed {
  const { venue } = estate;
  const { timeS: atS, tick } = venue.spot();
  const moved = Math.abs(tick - decidedTick);
  if (moved > move.maxTickDeviation) {
    return { kind: 'refused', atS, reason: `the tick moved by ${moved} since, at most ${move.maxTickDeviation}` };
  }
  if (move.kind === 'collect') {
    collectFees(estate);
    return { kind: 'done', atS, gasUsdE6: payGas(estate, 'collect'), swapUsdE6: 0 };
  }
  const paid = closePosition(estate);
  let swapUsdE6 = 0;
  if (move.range !== null) {
    const swapped = move.withSwap ? swapForRange(estate, move.range, paid) : { held: paid, swapUsdE6: 0 };
    swapUsdE6 = swapped.swapUsdE6;
    openPosition(estate, move.range, swapped.held);
  }
  return { kind: 'done', atS, gasUsdE6: payGas(estate, actionOf(move)), swapUsdE6 };
}

function actionOf(move: Move): PaidAction {
  if (move.range === null) return 'exit';
  return move.withSwap ? 'rebalance' : 'rebalance-without-swap';
}

/** Brings in what one begins with. */
export function deposit(estate: Estate, amounts: Amounts): void {
  const { sqrtPriceX96 } = estate.venue.spot();
  estate.entries.push({ kind: 'deposit', sqrtPriceX96, ...amounts });
  estate.idle = addAmounts(estate.idle, amounts);
}

/** Mints what so much of the idle amounts gives; what does not fit stays idle. */
export function openPosition(estate: Estate, range: TickRange, held: Amounts): void {
  const { venue, entries } = estate;
  const { sqrtPriceX96 } = venue.spot();
  const minted = venue.mint(range, held);
  if (minted === null) return;
  estate.nft += 1n;
  entries.push({ kind: 'increase', nft: estate.nft, liquidity: minted.liquidity, sqrtPriceX96, ...minted.used });
  estate.idle = subtractAmounts(estate.idle, minted.used);
}

/** Sells of what is held what the range does not take, in this pool; answers what is held then, and the dollars sold. */
export function swapForRange(
  estate: Estate,
  range: TickRange,
  held: Amounts,
): { readonly held: Amounts; readonly swapUsdE6: number } {
  const { venue, terms, entries } = estate;
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
  estate.idle = addAmounts(estate.idle, change);
  const sold = order.zeroForOne ? { amount0: order.amountIn, amount1: 0n } : { amount0: 0n, amount1: order.amountIn };
  const swapUsdE6 = Number(valueUsdE6({ ...sold, sqrtPriceX96, stable: terms.stable }));
  return { held: addAmounts(held, change), swapUsdE6 };
}

/** Burns and collects everything; answers what was paid out. */
function closePosition(estate: Estate): Amounts {
  const { venue, entries } = estate;
  const position = venue.position();
  if (position === null) return { amount0: 0n, amount1: 0n };
  const { sqrtPriceX96 } = venue.spot();
  const { principal, fees } = venue.close();
  const { nft } = estate;
  entries.push({ kind: 'decrease', nft, liquidity: position.liquidity, sqrtPriceX96, ...principal });
  const paid = addAmounts(principal, fees);
  entries.push({ kind: 'collect', nft, sqrtPriceX96, ...paid });
  estate.idle = addAmounts(estate.idle, paid);
  estate.feesCollected = addAmounts(estate.feesCollected, fees);
  return paid;
}

function collectFees(estate: Estate): void {
  const { venue, entries, nft } = estate;
  const { sqrtPriceX96 } = venue.spot();
  const fees = venue.collect();
  entries.push({ kind: 'collect', nft, sqrtPriceX96, ...fees });
  estate.idle = addAmounts(estate.idle, fees);
  estate.feesCollected = addAmounts(estate.feesCollected, fees);
}

/** Gas in the wrapped coin, which is the pool's volatile token; answers micro-dollars, rounded down. */
function payGas(estate: Estate, action: PaidAction): number {
  const { terms, gas, gasUnits, venue } = estate;
  const { sqrtPriceX96, timeS } = venue.spot();
  const baseFeeWei = gas.baseFeeWei(timeS);
  const { priorityFeeWei, l1FeeWei } = gas;
  const units = BigInt(gasUnitsOf(action, gasUnits));
  const wei = units * (baseFeeWei + priorityFeeWei) + l1FeeWeiOf(action, { baseFeeWei, priorityFeeWei, l1FeeWei });
  const paid = terms.stable === 0 ? { amount0: 0n, amount1: wei } : { amount0: wei, amount1: 0n };
  estate.entries.push({ kind: 'gas', sqrtPriceX96, ...paid });
  const gasUsdE6 = Number(valueUsdE6({ ...paid, sqrtPriceX96, stable: terms.stable }));
  estate.gasUsdE6 += gasUsdE6;
  estate.spent.push({ timeS, gasUsdE6, rebalance: action.startsWith('rebalance') });
  return gasUsdE6;
}
