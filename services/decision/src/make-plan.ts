import { type EventData, type Plan, type PricedOption, planIdOf, type recommendation } from '@rangeward/contracts';
import type { DecisionSettings } from './config.ts';
import { gasUnitsOf, l1FeeWeiOf, type PaidAction } from './expected-gas.ts';

/** What a plan is made of, beside the settings. */
export type PlanInput = {
  /** What was decided; anything but holding. */
  readonly option: Pick<PricedOption, 'range'> & { readonly kind: PaidAction };
  readonly recommendation: EventData<typeof recommendation>;
  readonly chainId: number;
  /** When the recommendation was made, milliseconds since 1970: made again, the plan is the same and has the same id. */
  readonly issuedAtMs: number;
  /** Micro-dollars that the plan may spend on gas; what was reserved for it. */
  readonly maxGasUsdE6: number;
  readonly reservationId: string;
  /** A person has to approve it first. */
  readonly approval?: boolean;
};

/** So long before the run's deadline a proposal lapses, so that the run ends with that and not without a result. */
const LAST_WORD_MS = 5_000;

/** The complete plan; its id is the hash of the rest, so a plan that was changed on its way no longer fits its id. */
export function makePlan(input: PlanInput, settings: Pick<DecisionSettings, 'plan' | 'gas'>): Plan {
  const { run, market } = input.recommendation;
  const { kind, range } = input.option;
  const moves = kind === 'rebalance' || kind === 'rebalance-without-swap';
  const { ttlS, maxSlippageBps, maxTickDeviation, deadlineS } = settings.plan;
  const { position } = market;
  // A proposal stands as long as its run; the price at which it is begun is held against the plan's all the same.
  const deadlineMs = Date.parse(run.deadline);
  const validUntilMs =
    input.approval === true ? deadlineMs - LAST_WORD_MS : Math.min(deadlineMs, input.issuedAtMs + ttlS * 1000);
  const plan: Omit<Plan, 'planId'> = {
    run,
    kind: planKindOf(kind),
    ...(moves ? { swap: kind === 'rebalance' ? ('allowed' as const) : ('none' as const) } : {}),
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
    target: moves && range !== null ? { tickLower: range.tickLower, tickUpper: range.tickUpper } : null,
    expectedGas: { units: gasUnitsOf(kind, settings.gas), l1FeeWei: l1FeeWeiOf(kind, market.gas) },
    ...(input.approval === true ? { approval: 'required' as const } : {}),
    limits: {
      maxSlippageBps,
      maxTickDeviation,
      deadlineS,
      maxGasUsdE6: input.maxGasUsdE6,
    },
    reservationId: input.reservationId,
  };
  return { planId: planIdOf(plan), ...plan };
}

/** The kind of plan and of decision that an action is: with a swap or without, a rebalance is one. */
export function planKindOf(action: PaidAction): Plan['kind'] {
  return action === 'rebalance-without-swap' ? 'rebalance' : action;
}

/** Micro-dollars to reserve for gas: the expected cost with room for replaced transactions, rounded up. */
export function maxGasUsdE6RoundingUp(expectedGasUsdE6: number, reserveBps: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil((expectedGasUsdE6 * reserveBps) / 10_000));
}
