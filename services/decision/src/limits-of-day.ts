import type { Gate, Plan, TradingMode } from '@rangeward/contracts';
import { dollars, gateOf } from './check-gates.ts';
import type { DecisionSettings } from './config.ts';

/** One limit that a plan draws on. Money in micro-dollars, otherwise a count. */
export type BudgetLine = {
  readonly budget: string;
  readonly scope: string;
  readonly amount: number;
  readonly limit: number;
  readonly windowMs: number;
};

const DAY_MS = 86_400_000;

/** The names under which the executor settles what it really spent. */
export const GAS_BUDGET = 'gas-usd-e6';
export const REBALANCES_BUDGET = 'rebalances';

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
