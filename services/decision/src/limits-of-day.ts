import { type BudgetLine, GAS_BUDGET, REBALANCES_BUDGET } from '@rangeward/adapter-redis/budgets';
import type { Gate, Plan, TradingMode } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';
import { dollars, gateOf } from './gate.ts';

const DAY_MS = 86_400_000;

/**
 * What a plan draws on, over any 24 hours and all positions together. Paper runs have a scope of their own, so that they
 * meet the same limits without using up the live ones.
 */
export function budgetLines(
  kind: Plan['kind'],
  mode: TradingMode,
  maxGasUsdE6: number,
  limits: DecisionSettings['limits'],
): BudgetLine[] {
  const day = { scope: mode, windowMs: DAY_MS };
  const gas = { ...day, budget: GAS_BUDGET, amount: maxGasUsdE6, limit: Math.floor(limits.gasUsdPerDay * 1e6) };
  const count = { ...day, budget: REBALANCES_BUDGET, amount: 1, limit: limits.rebalancesPerDay };
  return kind === 'rebalance' ? [count, gas] : [gas];
}

/** The gate of a line: refused ones stop the plan. `used` is what was drawn before. */
export function gateOfLine(line: BudgetLine, passed: boolean, used: number | null): Gate {
  const money = line.budget === GAS_BUDGET;
  const show = (amount: number) => (money ? dollars(amount) : String(amount));
  const before = used === null ? '' : `${show(used)} used, `;
  const name = money ? 'gas-per-day' : 'rebalances-per-day';
  return gateOf(
    name,
    passed,
    `${before}${show(line.amount)} more`,
    `<= ${show(line.limit)} in 24 hours (${line.scope})`,
  );
}
