import { type Call, type SimulatedCall, simulate } from '@rangeward/adapter-evm/transactions';
import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { Plan, TradeExecuted, TransactionRecord } from '@rangeward/contracts';
import { checkPlan, gasUsdE6RoundingUp, tooLate } from './check-plan.ts';
import { refuseUnbegun } from './refuse-unbegun.ts';
import { followingStep, poolNow, type Rehearsal, type Rehearsed } from './rehearsal.ts';
import { factsOf } from './step-facts.ts';
import { summariseTrade } from './summarise-trade.ts';
import { tryStepsApart } from './try-steps-apart.ts';
import { boundary, circumstances, sourcesOf, type WalletTools } from './wallet-tools.ts';

/**
 * Paper trading: the very transactions of the plan, simulated one on top of the other on the latest block and never signed. Returns
 * what would have happened. The gas that would have been spent is taken from the budget of paper runs, which is one of
 * its own, so that paper meets the same limits as live.
 */
export async function rehearse(tools: WalletTools, plan: Plan): Promise<TradeExecuted> {
  await boundary(tools, 'received');
  const late = tooLate(plan, tools.now());
  if (late !== null) return refuseUnbegun(tools, plan, late);
  const at = await circumstances(tools, plan);
  const verdict = checkPlan(plan, at);
  const rehearsal = verdict.refusal === null ? await rehearseSteps(tools, plan, at.chain) : null;
  const steps = rehearsal?.steps ?? [];
  const failure = rehearsal?.failure ?? null;
  const refusal = verdict.refusal ?? (failure === null ? null : `${failure.step} would fail: ${failure.reason}`);
  const feeWei = at.chain.block.baseFeeWei + at.chain.priorityFeeWei;
  const gasWei = steps.reduce((sum, step) => sum + step.gasUsed * feeWei, 0n);
  const swapped = steps.find((step) => step.name === 'swap');
  const summary = {
    plan,
    mode: tools.mode,
    checks: verdict.checks,
    priceBeforeSwapX96: swapped?.priceBeforeX96 ?? null,
    priceAfterX96: poolNow(plan, at.chain, steps).sqrtPriceX96,
  };
  if (refusal !== null) {
    await tools.ledger.releaseBudget(plan.reservationId);
    const reason = `refused: ${refusal}`;
    return summariseTrade({ ...summary, outcome: 'refused', reason, done: [], transactions: [], gasWei: 0n });
  }
  const reason = `nothing was sent; ${describe(plan, steps, gasWei)} (${rehearsal?.how ?? ''})`;
  const transactions = steps.map((step) => transactionOf(step, feeWei));
  const trade = summariseTrade({ ...summary, outcome: 'simulated', reason, done: steps, transactions, gasWei });
  await tools.ledger.commitBudget(plan.reservationId, trade.gasUsdE6);
  return trade;
}

async function rehearseSteps(tools: WalletTools, plan: Plan, chain: WalletState): Promise<Rehearsal> {
  const steps: Rehearsed[] = [];
  const calls: Call[] = [];
  for (;;) {
    const { step, pool } = followingStep(plan, tools.site, chain, steps);
    if (step === null) return { steps, failure: null, how: 'the very transactions, simulated in a row' };
    calls.push(step.call);
    const results = await simulate(tools.client, tools.wallet, calls);
    if (results === null) return tryStepsApart(tools, plan, chain);
    const result = lastOf(results);
    if (result.status === 'reverted') {
      return { steps, failure: { step: step.name, reason: result.reason }, how: 'simulated in a row' };
    }
    const facts = factsOf(step.name, result.logs, sourcesOf(tools, plan));
    steps.push({ name: step.name, facts, gasUsed: result.gasUsed, priceBeforeX96: pool.sqrtPriceX96 });
  }
}

function lastOf(results: readonly SimulatedCall[]): SimulatedCall {
  const last = results.at(-1);
  if (last === undefined) throw new Error('the node simulated nothing');
  return last;
}

function transactionOf(step: Rehearsed, feeWei: bigint): TransactionRecord {
  return {
    step: step.name,
    hash: null,
    nonce: null,
    block: null,
    gasUsed: step.gasUsed,
    effectiveGasPriceWei: feeWei,
    status: 'simulated',
  };
}

function describe(plan: Plan, steps: readonly Rehearsed[], gasWei: bigint): string {
  const gasUsd = gasUsdE6RoundingUp(gasWei, plan.market.nativePriceUsdE6) / 1e6;
  const gas = `${steps.length} transactions for about ${gasUsd.toFixed(2)} USD of gas`;
  if (plan.kind === 'exit') return `everything would be taken out into the wallet in ${gas}`;
  if (plan.target === null) return `the fees would be collected in ${gas}`;
  const { tickLower, tickUpper } = plan.target;
  return `the position would move to ticks ${tickLower}..${tickUpper} in ${gas}`;
}
