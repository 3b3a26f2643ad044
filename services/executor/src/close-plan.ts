import type { TradeExecuted } from '@rangeward/contracts';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import { gasSpentWei, isCancelled, type PlanRecord, withChecks, withTrade } from './plan-record.ts';
import { doneOf, mintedBy, type PlanWork } from './plan-work.ts';
import { summariseTrade } from './summarise-trade.ts';
import { boundary, lookAtChain } from './wallet-tools.ts';

/** Books first, then the record, then (by the caller) the event: each may be repeated, so a crash between them is harmless. */
export async function closePlan(
  work: PlanWork,
  outcome: TradeExecuted['outcome'],
  reason: string,
): Promise<TradeExecuted> {
  const { tools, plan, record, lease } = work;
  const done = doneOf(work);
  const gasWei = gasSpentWei(record);
  const swapStep = record.steps.find((step) => step.name === 'swap');
  // The price is for valuing what was done: a plan of which nothing was done is closed also while the node is away.
  const { sqrtPriceX96 } = done.length === 0 ? plan.market.pool : (await lookAtChain(tools, plan)).pool;
  const trade = summariseTrade({
    plan,
    mode: tools.mode,
    outcome,
    reason,
    checks: record.checks,
    done,
    transactions: transactionsOf(record),
    gasWei,
    priceBeforeSwapX96: swapStep === undefined ? null : BigInt(swapStep.sqrtPriceX96),
    priceAfterX96: sqrtPriceX96,
  });
  lease.signal.throwIfAborted();
  await settleRegistry(work, trade);
  if (gasWei === 0n) await tools.ledger.releaseBudget(plan.reservationId);
  else await tools.ledger.commitBudget(plan.reservationId, trade.gasUsdE6);
  await tools.caps.settle(plan, gasWei === 0n ? null : trade.gasUsdE6);
  await boundary(tools, 'settled');
  const closed = withTrade(record, trade);
  work.version = await tools.records.finish(lease.fence, plan.planId, work.version, closed);
  work.record = closed;
  await boundary(tools, 'finished');
  return trade;
}

/** A plan begins only for the NFT that the registry names; should that have changed meanwhile, a person must hear of it. */
async function settleRegistry(work: PlanWork, trade: TradeExecuted): Promise<void> {
  const { tools, plan } = work;
  if (trade.leftover === null) return;
  const to = mintedBy(work)?.tokenId ?? plan.position.tokenId;
  const rests = trade.tokenIdAfter === null;
  // After an exit they rest there because that was decided.
  if (rests && plan.kind === 'rebalance') await reportResting(work, trade.leftover);
  if (await tools.ledger.settlePosition(plan, { to, left: trade.leftover, rests })) return;
  tools.log.error({ planId: plan.planId, tokenId: String(to) }, 'the registry names another NFT as live');
  await tools.reportError({
    code: 'registry-names-another-nft',
    message: `after plan ${plan.planId} NFT ${to} is live for position ${plan.position.id}, but the registry names another one as live; nothing was changed there`,
    plan,
  });
}

/** Nothing goes in again by itself, so a person must hear of it, also when the run was closed at its deadline long ago. */
function reportResting({ tools, plan }: PlanWork, { amount0, amount1 }: Amounts): Promise<void> {
  const { token0, token1 } = plan.market.pool;
  const held = `${amount0} raw ${token0.symbol} and ${amount1} raw ${token1.symbol}`;
  const message = `plan ${plan.planId} stopped after the withdrawal: ${held} of position ${plan.position.id} rest in the wallet ${tools.wallet}, and nothing puts them in again by itself`;
  return tools.reportError({ code: 'tokens-rest-in-wallet', message, plan });
}

/** Nothing was sent, and why. */
export function refusePlan(work: PlanWork, step: string, reason: string): Promise<TradeExecuted> {
  const check = {
    name: `preflight-${step}`,
    passed: false,
    value: reason,
    threshold: 'the chain and the policy allow it',
  };
  work.record = withChecks(work.record, [...work.record.checks, check]);
  return closePlan(work, 'refused', `refused: ${step} is not possible: ${reason}`);
}

function transactionsOf(record: PlanRecord): TradeExecuted['transactions'] {
  return record.steps.flatMap((step) => {
    const { name, nonce, receipt } = step;
    if (receipt === null) return [];
    const { hash, block, status } = receipt;
    const gas = { gasUsed: BigInt(receipt.gasUsed), effectiveGasPriceWei: BigInt(receipt.effectiveGasPriceWei) };
    return [{ step: isCancelled(step) ? 'cancel' : name, hash, nonce, block, status, ...gas }];
  });
}

/** Where everything lies, by the plan's own receipts; for a sentence. */
export function restingState(work: PlanWork): string {
  const minted = mintedBy(work);
  if (minted !== undefined) return `the new position ${minted.tokenId} is open`;
  const withdrawn = doneOf(work).some((step) => step.name === 'withdraw');
  return withdrawn ? 'the tokens rest in the wallet' : `position ${work.plan.position.tokenId} is as it was`;
}

export function confirmedReason(work: PlanWork): string {
  const steps = work.record.steps.map((step) => step.name).join(', ');
  return `done in ${work.record.steps.length} transactions: ${steps}`;
}
