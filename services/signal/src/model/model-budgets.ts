/** The budgets of the day: calls, and micro-dollars. Both are one for all instances. */
export const CALLS_BUDGET = 'model-calls';
export const COST_BUDGET = 'model-usd-e6';
export const BUDGET_SCOPE = 'all';
export const DAY_MS = 86_400_000;
