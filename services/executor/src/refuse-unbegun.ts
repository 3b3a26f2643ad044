import type { Plan, TradeExecuted } from '@rangeward/contracts';
import type { PlanVerdict } from './check-plan.ts';
import { summariseTrade } from './summarise-trade.ts';
import type { WalletTools } from './wallet-tools.ts';

/** The event of a plan for which nothing was done or recorded, without asking the chain; its reservation is given back. */
export async function refuseUnbegun(
  tools: Pick<WalletTools, 'mode' | 'ledger'>,
  plan: Plan,
  verdict: PlanVerdict,
  { lapsed = false }: { readonly lapsed?: boolean } = {},
): Promise<TradeExecuted> {
  await tools.ledger.releaseBudget(plan.reservationId);
  const trade = summariseTrade({
    plan,
    mode: tools.mode,
    outcome: 'refused',
    reason: `refused: ${verdict.refusal}`,
    checks: verdict.checks,
    done: [],
    transactions: [],
    gasWei: 0n,
    priceBeforeSwapX96: null,
    priceAfterX96: plan.market.pool.sqrtPriceX96,
  });
  return lapsed ? { ...trade, lapsed } : trade;
}
