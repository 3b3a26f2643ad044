import assert from 'node:assert/strict';
import type { Gate, Plan, TradeExecuted, TradingMode, TransactionRecord } from '@rangeward/contracts';
import { type Amounts, amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import {
  quoteToken0InToken1RoundingUp,
  quoteToken1InToken0RoundingUp,
  type StableSide,
  valueUsdE6,
} from '@rangeward/uniswap-v3/price';
import { gasUsdE6RoundingUp } from './check-plan.ts';
import { type DoneStep, factsNamed, holdings, type StepFacts } from './step-facts.ts';
import { targetOf } from './target-now.ts';

/** What is known of a plan when its work is over. */
export type TradeFacts = {
  readonly plan: Plan;
  readonly mode: TradingMode;
  readonly outcome: TradeExecuted['outcome'];
  readonly reason: string;
  readonly checks: readonly Gate[];
  /** Steps that succeeded, in order. */
  readonly done: readonly DoneStep[];
  /** Every transaction, the reverted one too. */
  readonly transactions: readonly TransactionRecord[];
  /** All that gas cost, data fees included. */
  readonly gasWei: bigint;
  /** The pool's price right before the swap; null when there was none. */
  readonly priceBeforeSwapX96: bigint | null;
  /** The pool's price at the end. */
  readonly priceAfterX96: bigint;
};

/**
 * The event that closes a plan. What is received and owned is valued rounding down, costs rounding up. Asserts that to the wei
 * nothing was made or lost: withdrawn + fees - swap in + swap out = minted + leftover, for each token.
 */
export function summariseTrade(of: TradeFacts): TradeExecuted {
  const { plan, done } = of;
  const withdrawn = factsNamed(done, 'withdrawn');
  const swapped = factsNamed(done, 'swapped');
  const minted = factsNamed(done, 'minted');
  const leftover = withdrawn === undefined ? null : holdings(done);
  if (withdrawn && leftover) assertConserved(withdrawn, swapped, minted, leftover);
  const swapCostUsdE6 =
    swapped === undefined ? null : swapCostRoundingUp(plan, swapped, of.priceBeforeSwapX96 ?? of.priceAfterX96);
  return {
    planId: plan.planId,
    run: plan.run,
    mode: of.mode,
    kind: plan.kind,
    outcome: of.outcome,
    reason: of.reason,
    checks: [...of.checks],
    transactions: [...of.transactions],
    tokenIdBefore: plan.position.tokenId,
    ...livePosition(of),
    withdrawn: withdrawn?.principal ?? null,
    fees: withdrawn?.fees ?? null,
    swap: swapped ? { zeroForOne: swapped.zeroForOne, amountIn: swapped.amountIn, amountOut: swapped.amountOut } : null,
    minted: minted?.amounts ?? null,
    leftover,
    gasUsed: of.transactions.reduce((sum, transaction) => sum + transaction.gasUsed, 0n),
    gasWei: of.gasWei,
    gasUsdE6: gasUsdE6RoundingUp(of.gasWei, plan.market.nativePriceUsdE6),
    feesUsdE6: withdrawn ? valueRoundingDown(plan, withdrawn.fees, of.priceAfterX96) : null,
    swapCostUsdE6,
    valueBeforeUsdE6: plan.market.position.valueUsdE6,
    valueAfterUsdE6: leftover ? valueAfterRoundingDown(of, leftover) : null,
  };
}

type Live = Pick<TradeExecuted, 'tokenIdAfter' | 'tickLower' | 'tickUpper' | 'liquidityAfter'>;

/**
 * The NFT that is live at the end. A simulation changes none: it keeps the old NFT's id and tells the range and liquidity
 * that would have been. After an exit, as between withdrawal and mint, no NFT is live: the tokens rest in the wallet.
 */
function livePosition(of: TradeFacts): Live {
  const { plan, done } = of;
  const { tokenId, tickLower, tickUpper, liquidity } = plan.position;
  const minted = factsNamed(done, 'minted');
  if (minted !== undefined) {
    const tokenIdAfter = of.outcome === 'simulated' ? tokenId : minted.tokenId;
    return { tokenIdAfter, ...(minted.range ?? targetOf(plan)), liquidityAfter: minted.liquidity };
  }
  if (done.some((step) => step.name === 'withdraw')) {
    const tokenIdAfter = of.outcome === 'simulated' ? tokenId : null;
    return { tokenIdAfter, tickLower: null, tickUpper: null, liquidityAfter: null };
  }
  return { tokenIdAfter: tokenId, tickLower, tickUpper, liquidityAfter: liquidity };
}

type Withdrawn = Extract<StepFacts, { kind: 'withdrawn' }>;
type Swapped = Extract<StepFacts, { kind: 'swapped' }>;
type Minted = Extract<StepFacts, { kind: 'minted' }>;

function assertConserved(
  { principal, fees }: Withdrawn,
  swapped: Swapped | undefined,
  minted: Minted | undefined,
  leftover: Amounts,
): void {
  for (const token of ['amount0', 'amount1'] as const) {
    const sold = swapped?.zeroForOne === (token === 'amount0');
    const traded = swapped === undefined ? 0n : sold ? -swapped.amountIn : swapped.amountOut;
    const available = principal[token] + fees[token] + traded;
    assert.equal(available, (minted?.amounts[token] ?? 0n) + leftover[token], `${token} is not conserved`);
    assert.ok(leftover[token] >= 0n, `${token}: more was used than came out of this plan`);
  }
}

/** Position and leftover at the price after, rounded down. */
function valueAfterRoundingDown(of: TradeFacts, leftover: Amounts): number {
  const live = livePosition(of);
  const liquidity = live.liquidityAfter ?? 0n;
  if (live.tickLower === null || live.tickUpper === null || liquidity === 0n) {
    return valueRoundingDown(of.plan, leftover, of.priceAfterX96);
  }
  const { tickLower, tickUpper } = live;
  const held = amountsForLiquidityRoundingDown({ tickLower, tickUpper, liquidity, sqrtPriceX96: of.priceAfterX96 });
  const both = { amount0: held.amount0 + leftover.amount0, amount1: held.amount1 + leftover.amount1 };
  return valueRoundingDown(of.plan, both, of.priceAfterX96);
}

/** Input less output at the price before the swap, rounded up; negative when others had moved the price our way. */
function swapCostRoundingUp(plan: Plan, swapped: Swapped, priceX96: bigint): number {
  const sold = { amount: swapped.amountIn, isToken0: swapped.zeroForOne };
  const bought = { amount: swapped.amountOut, isToken0: !swapped.zeroForOne };
  const boughtAmounts = {
    amount0: bought.isToken0 ? bought.amount : 0n,
    amount1: bought.isToken0 ? 0n : bought.amount,
  };
  return soldRoundingUp(plan.market.pool.stable, sold, priceX96) - valueRoundingDown(plan, boughtAmounts, priceX96);
}

function soldRoundingUp(stable: StableSide, sold: { amount: bigint; isToken0: boolean }, priceX96: bigint): number {
  if (sold.isToken0 === (stable === 0)) return Number(sold.amount);
  return Number(
    sold.isToken0
      ? quoteToken0InToken1RoundingUp(priceX96, sold.amount)
      : quoteToken1InToken0RoundingUp(priceX96, sold.amount),
  );
}

function valueRoundingDown(plan: Plan, amounts: Amounts, sqrtPriceX96: bigint): number {
  return Number(valueUsdE6({ ...amounts, sqrtPriceX96, stable: plan.market.pool.stable }));
}
