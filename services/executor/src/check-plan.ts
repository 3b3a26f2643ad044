import type { WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import { type Gate, type Plan, planIdOf, Rejection, type TradingMode } from '@rangeward/contracts';
import { isOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import type { Address } from 'viem';
import { tokenOf } from './plan-steps.ts';

/** All that a plan is held against before anything is done for it. */
export type PlanCircumstances = {
  /** Wall clock, ISO 8601 UTC. */
  readonly now: string;
  readonly mode: TradingMode;
  readonly wallet: Address;
  readonly poolConfigured: boolean;
  readonly breakerOpen: boolean;
  /** That a person or a rule stopped live trading; null when nobody did. */
  readonly stop: TradingStop | null;
  /** The NFT that the registry names for the plan's position; null when it knows none. */
  readonly liveTokenId: bigint | null;
  readonly maxTwapDeviationTicks: number;
  readonly twapWindowS: number;
  readonly chain: WalletState;
};

export type PlanVerdict = { readonly checks: readonly Gate[]; readonly refusal: string | null };

/** Throws a Rejection for a plan that is not one: changed on its way, or contradicting itself. */
export function assertWellFormed(plan: Plan): void {
  const { planId, ...rest } = plan;
  const expected = planIdOf(rest);
  if (planId !== expected) {
    throw new Rejection('plan-id-mismatch', `the plan’s content hashes to ${expected}, not to its id ${planId}`, {
      field: 'planId',
    });
  }
  if ((plan.kind === 'rebalance') !== (plan.target !== null)) {
    throw new Rejection('bad-plan', `a ${plan.kind} ${plan.target === null ? 'needs a' : 'has no'} target range`, {
      field: 'target',
    });
  }
  if (plan.target === null) return;
  const { tickLower, tickUpper } = plan.target;
  const { tickSpacing, token0, token1 } = plan.market.pool;
  if (tickLower >= tickUpper || !isOnGrid(tickLower, tickSpacing) || !isOnGrid(tickUpper, tickSpacing)) {
    throw new Rejection('bad-plan', `${tickLower}..${tickUpper} is no range on a grid of ${tickSpacing}`, {
      field: 'target',
    });
  }
  if (token0.address >= token1.address) {
    throw new Rejection('bad-plan', 'token0 does not sort before token1', { field: 'market.pool.token0' });
  }
}

/** Every check as a gate, and a sentence with the first that failed. */
export function checkPlan(plan: Plan, at: PlanCircumstances): PlanVerdict {
  return verdictOf([...planGates(plan, at), ...positionGates(plan, at), ...marketGates(plan, at)]);
}

/** The refusal of a plan whose time is over, for which nobody need be asked; null while it is not. */
export function tooLate(plan: Plan, nowMs: number): PlanVerdict | null {
  const verdict = verdictOf(timeGates(plan, new Date(nowMs).toISOString()));
  return verdict.refusal === null ? null : verdict;
}

/** All checks, and a sentence with the first that failed. */
export function verdictOf(checks: readonly Gate[]): PlanVerdict {
  const failed = checks.filter((check) => !check.passed);
  const [first] = failed;
  if (first === undefined) return { checks, refusal: null };
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return { checks, refusal: `${first.name} is ${first.value}, needs ${first.threshold}${more}` };
}

function gate(name: string, passed: boolean, value: unknown, threshold: unknown): Gate {
  return { name, passed, value: String(value), threshold: String(threshold) };
}

function planGates(plan: Plan, at: PlanCircumstances): Gate[] {
  const { run } = plan;
  return [
    gate('chain-id', plan.chainId === at.chain.chainId, at.chain.chainId, plan.chainId),
    ...timeGates(plan, at.now),
    gate('mode', run.mode === at.mode, run.mode, at.mode),
    gate('pool-configured', at.poolConfigured, at.poolConfigured ? run.pool : 'not configured', 'a configured pool'),
    gate('breaker-errors', !at.breakerOpen, at.breakerOpen ? 'open' : 'closed', 'closed'),
    // What is only rehearsed moves nothing that a stop could save.
    gate(
      'trading',
      at.stop === null || at.mode === 'paper',
      at.stop === null ? 'running' : tellStop(at.stop),
      'running',
    ),
  ];
}

/** A stop in a sentence. */
export function tellStop({ state, through, by, reason }: TradingStop): string {
  return `${state} (${through}) by ${by}: ${reason}`;
}

function timeGates({ validUntil, run }: Plan, now: string): Gate[] {
  return [
    gate('valid-until', Date.parse(now) <= Date.parse(validUntil), `now ${now}`, `no later than ${validUntil}`),
    gate('run-deadline', Date.parse(now) <= Date.parse(run.deadline), `now ${now}`, `before ${run.deadline}`),
  ];
}

function positionGates(plan: Plan, at: PlanCircumstances): Gate[] {
  const found = at.chain.position;
  const { position } = plan;
  const range = (of: { tickLower: number; tickUpper: number }) => `${of.tickLower}..${of.tickUpper}`;
  const pair = (token0: string, token1: string, feePips: number) => `${token0}/${token1} at ${feePips} pips`;
  const planned = pair(tokenOf(plan, 0), tokenOf(plan, 1), plan.market.pool.feePips);
  const actual = found === null ? 'no such NFT' : pair(found.token0, found.token1, found.feePips);
  return [
    gate('plan-owner', position.owner === at.wallet, position.owner, `the wallet ${at.wallet}`),
    gate(
      'position-live',
      at.liveTokenId === null || at.liveTokenId === position.tokenId,
      `NFT ${at.liveTokenId}`,
      `NFT ${position.tokenId}, as the registry names it`,
    ),
    gate('position-owner', found?.owner === at.wallet, found?.owner ?? 'no such NFT', `the wallet ${at.wallet}`),
    gate('position-pool', actual === planned, actual, planned),
    gate(
      'position-range',
      found !== null && range(found) === range(position),
      found ? range(found) : 'none',
      range(position),
    ),
    gate(
      'position-liquidity',
      found?.liquidity === position.liquidity && (plan.kind === 'collect' || position.liquidity > 0n),
      found?.liquidity ?? 'none',
      position.liquidity,
    ),
  ];
}

function marketGates(plan: Plan, at: PlanCircumstances): Gate[] {
  const { pool } = at.chain;
  return [tickGate(plan, pool.tick), twapGate(pool, at), gasGate(plan, at.chain)];
}

/** The tick against the plan's; asked again before every step. */
export function tickGate(plan: Plan, tick: number): Gate {
  const moved = Math.abs(tick - plan.market.pool.tick);
  const { maxTickDeviation } = plan.limits;
  return gate('tick-deviation', moved <= maxTickDeviation, `${moved} ticks`, `at most ${maxTickDeviation} ticks`);
}

/** The tick against its time-weighted average. No average is no answer, and no answer fails. */
export function twapGate(
  pool: WalletState['pool'],
  limits: Pick<PlanCircumstances, 'maxTwapDeviationTicks' | 'twapWindowS'>,
): Gate {
  const threshold = `at most ${limits.maxTwapDeviationTicks} ticks from the average of ${limits.twapWindowS} s`;
  if (pool.twapTick === null) return gate('twap-deviation', false, 'the pool’s oracle does not answer', threshold);
  const away = Math.abs(pool.tick - pool.twapTick);
  return gate('twap-deviation', away <= limits.maxTwapDeviationTicks, `${away} ticks`, threshold);
}

/** What decision expected of the plan's gas, at the price now. A plan that does not say it is not begun. */
function gasGate(plan: Plan, chain: WalletState): Gate {
  const { maxGasUsdE6 } = plan.limits;
  const most = `at most ${maxGasUsdE6} micro-dollars`;
  if (plan.expectedGas === undefined) return gate('gas-cost', false, 'the plan does not say its gas', most);
  const { units, l1FeeWei } = plan.expectedGas;
  const wei = BigInt(units) * (chain.block.baseFeeWei + chain.priorityFeeWei) + l1FeeWei;
  const expected = gasUsdE6RoundingUp(wei, plan.market.nativePriceUsdE6);
  return gate('gas-cost', expected <= maxGasUsdE6, `${expected} micro-dollars`, most);
}

/** Wei of the native coin in micro-dollars, rounded up. */
export function gasUsdE6RoundingUp(wei: bigint, nativePriceUsdE6: number): number {
  const scaled = wei * BigInt(nativePriceUsdE6);
  return Number((scaled + 10n ** 18n - 1n) / 10n ** 18n);
}

/** The most wei that so many micro-dollars pay for, rounded down. */
export function gasWeiRoundingDown(usdE6: number, nativePriceUsdE6: number): bigint {
  return nativePriceUsdE6 <= 0 ? 0n : (BigInt(Math.max(0, usdE6)) * 10n ** 18n) / BigInt(nativePriceUsdE6);
}
