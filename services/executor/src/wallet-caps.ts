import {
  type BudgetLine,
  commitBudget,
  GAS_BUDGET,
  NOTIONAL_BUDGET,
  REBALANCES_BUDGET,
  releaseBudget,
  reserveBudget,
} from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import type { Gate, Plan } from '@rangeward/contracts';
import type { Caps } from './config.ts';

/** The executor's own limits, held beside those that decision reserved: whatever a plan says, they are not exceeded. */
export type WalletCaps = {
  /** Draws what the plan may cost on the wallet's day, and says each cap as a gate. Asked again it draws nothing more. */
  reserve(plan: Plan): Promise<readonly Gate[]>;
  /** What the plan's gas came to, micro-dollars; null gives everything back. */
  settle(plan: Plan, gasUsdE6: number | null): Promise<void>;
};

const DAY_MS = 86_400_000;
const usd = (amountUsdE6: number) => `${(amountUsdE6 / 1e6).toFixed(2)} USD`;

export function createWalletCaps(of: {
  readonly redis: Redis;
  readonly caps: Caps;
  readonly chainId: number;
  readonly wallet: string;
  readonly now: () => number;
}): WalletCaps {
  const { redis, caps, now } = of;
  const scope = capsScope(of);
  return {
    async reserve(plan) {
      const ofPlan = planCaps(plan, caps);
      if (ofPlan.some((gate) => !gate.passed)) return ofPlan;
      const lines = dayLines(plan, caps, scope);
      if (lines.length === 0) return ofPlan;
      const answer = await reserveBudget(redis, { reservationId: capsReservation(plan), nowMs: now(), lines });
      return [...ofPlan, ...lines.map((line) => gateOfDay(line, answer))];
    },
    async settle(plan, gasUsdE6) {
      // Unknown where there is no cap of a day: nothing was drawn then.
      if (gasUsdE6 === null) await releaseBudget(redis, capsReservation(plan));
      else await commitBudget(redis, capsReservation(plan), { [GAS_BUDGET]: gasUsdE6 }, now());
    },
  };
}

/** Under which the executor's own limits of a plan are drawn. */
export const capsReservation = ({ planId }: Pick<Plan, 'planId'>) => `wallet-${planId}`;
/** The books of a wallet's own limits. */
export const capsScope = (of: { readonly chainId: number; readonly wallet: string }) =>
  `wallet:${of.chainId}:${of.wallet}`;

/** What one plan may ask for. */
function planCaps(plan: Plan, { gasUsdPerPlan, notionalUsdPerPlan }: Caps): Gate[] {
  const gate = (name: string, amountUsdE6: number, mostUsd: number | undefined): Gate[] =>
    mostUsd === undefined
      ? []
      : [{ name, passed: amountUsdE6 <= mostUsd * 1e6, value: usd(amountUsdE6), threshold: `at most ${mostUsd} USD` }];
  return [
    ...gate('cap-gas-of-plan', plan.limits.maxGasUsdE6, gasUsdPerPlan),
    ...(plan.kind === 'collect' ? [] : gate('cap-notional-of-plan', notionalOf(plan), notionalUsdPerPlan)),
  ];
}

function dayLines(plan: Plan, caps: Caps, scope: string): BudgetLine[] {
  const line = (budget: string, amount: number, limit: number | undefined): BudgetLine[] =>
    limit === undefined ? [] : [{ budget, scope, amount, limit, windowMs: DAY_MS }];
  const money = (limitUsd: number | undefined) => (limitUsd === undefined ? undefined : Math.floor(limitUsd * 1e6));
  const gas = line(GAS_BUDGET, plan.limits.maxGasUsdE6, money(caps.gasUsdPerDay));
  if (plan.kind === 'collect') return gas;
  const notional = line(NOTIONAL_BUDGET, notionalOf(plan), money(caps.notionalUsdPerDay));
  const count = plan.kind === 'rebalance' ? line(REBALANCES_BUDGET, 1, caps.rebalancesPerDay) : [];
  return [...gas, ...notional, ...count];
}

/** What counts as moved by a plan, micro-dollars. */
export const notionalOf = ({ market }: Plan) => Math.max(0, market.position.valueUsdE6);

function gateOfDay(line: BudgetLine, answer: Awaited<ReturnType<typeof reserveBudget>>): Gate {
  const show = line.budget === REBALANCES_BUDGET ? String : usd;
  const refused = !answer.ok && answer.budget === line.budget;
  const before = refused ? `${show(answer.used)} used, ` : '';
  return {
    name: `cap-${line.budget.replace('-usd-e6', '')}-per-day`,
    passed: !refused,
    value: `${before}${show(line.amount)} more`,
    threshold: `at most ${show(line.limit)} in 24 hours for this wallet`,
  };
}
