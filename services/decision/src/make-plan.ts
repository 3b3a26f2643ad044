import { type EventData, type Plan, planIdOf, type recommendation } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';

/** What a plan is made of, beside the settings. */
export type PlanInput = {
  readonly kind: Plan['kind'];
  readonly recommendation: EventData<typeof recommendation>;
  readonly chainId: number;
  /** When the recommendation was made, milliseconds since 1970: made again, the plan is the same and has the same id. */
  readonly issuedAtMs: number;
  /** Micro-dollars that the plan may spend on gas; what was reserved for it. */
  readonly maxGasUsdE6: number;
  readonly reservationId: string;
};

/** The complete plan; its id is the hash of the rest, so a plan that was changed on its way no longer fits its id. */
export function makePlan(input: PlanInput, settings: DecisionSettings['plan']): Plan {
  const { run, market, range } = input.recommendation;
  const { position } = market;
  const validUntilMs = Math.min(Date.parse(run.deadline), input.issuedAtMs + settings.ttlS * 1000);
  const plan: Omit<Plan, 'planId'> = {
    run,
    kind: input.kind,
    chainId: input.chainId,
    issuedAt: new Date(input.issuedAtMs).toISOString(),
    validUntil: new Date(validUntilMs).toISOString(),
    position: {
      id: position.id,
      tokenId: position.tokenId,
      owner: position.owner,
      tickLower: position.tickLower,
      tickUpper: position.tickUpper,
      liquidity: position.liquidity,
    },
    market,
    target: input.kind === 'rebalance' ? { tickLower: range.tickLower, tickUpper: range.tickUpper } : null,
    limits: {
      maxSlippageBps: settings.maxSlippageBps,
      maxTickDeviation: settings.maxTickDeviation,
      deadlineS: settings.deadlineS,
      maxGasUsdE6: input.maxGasUsdE6,
    },
    reservationId: input.reservationId,
  };
  return { planId: planIdOf(plan), ...plan };
}

/** Micro-dollars to reserve for gas: the expected cost with room for replaced transactions, rounded up. */
export function maxGasUsdE6RoundingUp(expectedGasUsdE6: number, reserveBps: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil((expectedGasUsdE6 * reserveBps) / 10_000));
}
