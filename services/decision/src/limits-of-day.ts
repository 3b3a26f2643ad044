import { type BudgetLine, GAS_BUDGET, NOTIONAL_BUDGET, REBALANCES_BUDGET } from '@rangeward/adapter-redis/budgets';
import type { Gate, Plan, TradingMode } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';
import { dollars, gateOf } from './gate.ts';

const DAY_MS = 86_400_000;

/** Most that its gas may cost and what is moved, micro-dollars. */
type Drawn = { readonly maxGasUsdE6: number; readonly notionalUsdE6: number };

/**
 * What a plan draws on, over any 24 hours and all positions together. Paper runs have a scope of their own, so that they
 * meet the same limits without using up the live ones.
 */
export function budgetLines(
  kind: Plan['kind'],
  mode: TradingMode,
  { maxGasUsdE6, notionalUsdE6 }: Drawn,
  limits: DecisionSettings['limits'],
): BudgetLine[] {
  const day = { scope: mode, windowMs: DAY_MS };
  const gas = { ...day, budget: GAS_BUDGET, amount: maxGasUsdE6, limit: Math.floor(limits.gasUsdPerDay * 1e6) };
  const count = { ...day, budget: REBALANCES_BUDGET, amount: 1, limit: limits.rebalancesPerDay };
  const notional = {
    ...day,
    budget: NOTIONAL_BUDGET,
    amount: Math.max(0, notionalUsdE6),
    limit: Math.floor(limits.notionalUsdPerDay * 1e6),
  };
  if (kind === 'collect') return [gas];
  return kind === 'rebalance' ? [count, gas, notional] : [gas, notional];
}

const gateNames: Readonly<Record<string, string>> = {
  [GAS_BUDGET]: 'gas-per-day',
  [REBALANCES_BUDGET]: 'rebalances-per-day',
  [NOTIONAL_BUDGET]: 'notional-per-day',
};

/** The gate of a line: refused ones stop the plan. `used` is what was drawn before. */
export function gateOfLine(line: BudgetLine, passed: boolean, used: number | null): Gate {
  const money = line.budget !== REBALANCES_BUDGET;
  const show = (amount: number) => (money ? dollars(amount) : String(amount));
  const before = used === null ? '' : `${show(used)} used, `;
  const name = gateNames[line.budget] ?? line.budget;
  return gateOf(
    name,
    passed,
    `${before}${show(line.amount)} more`,
    `<= ${show(line.limit)} in 24 hours (${line.scope})`,
  );
}
