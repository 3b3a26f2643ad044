import type { Bus } from '@rangeward/adapter-nats/bus';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { dropProposal, listProposals, readProposal, saveProposal } from '@rangeward/adapter-redis/proposals';
import {
  type AutonomyLevel,
  type EventData,
  type Gate,
  type Plan,
  type planProposed,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import type { HoldWallet } from './hold-wallet.ts';
import { refuseUnbegun } from './refuse-unbegun.ts';
import type { WalletTools } from './wallet-tools.ts';

/** Plans that wait for a person. */
export type Proposals = {
  save(proposal: { plan: Plan; summary: string; proposedAt: string }): Promise<void>;
  read(planId: string): Promise<Plan | null>;
  list(): Promise<readonly Plan[]>;
  drop(planId: string): Promise<void>;
};

export function openProposals(redis: Redis): Proposals {
  return {
    save: (proposal) => saveProposal(redis, proposal),
    read: async (planId) => (await readProposal(redis, planId))?.plan ?? null,
    list: async () => (await listProposals(redis)).map(({ plan }) => plan),
    drop: (planId) => dropProposal(redis, planId),
  };
}

/** Whether a live plan may be begun at once; the stricter of the plan's own word and our configuration counts. */
export function permissionFor(plan: Plan, level: AutonomyLevel): 'refused' | 'to-be-approved' | 'granted' {
  if (level === 'observe') return 'refused';
  return level === 'propose' || plan.approval === 'required' ? 'to-be-approved' : 'granted';
}

/** Keeps a plan until a person approves it or its time is over, and tells of it. */
export async function proposePlan(
  proposals: Proposals,
  plan: Plan,
  now: number,
): Promise<EventData<typeof planProposed>> {
  const summary = summaryOf(plan);
  await proposals.save({ plan, summary, proposedAt: new Date(now).toISOString() });
  const { run, planId, kind, validUntil, market, limits } = plan;
  const money = { positionUsdE6: market.position.valueUsdE6, maxGasUsdE6: limits.maxGasUsdE6 };
  return { run, planId, kind, validUntil, summary, ...money };
}

/** What a plan would do, in a sentence with its numbers. */
function summaryOf({ kind, position, target, market, limits, swap }: Plan): string {
  const usd = (amountUsdE6: number) => `${(amountUsdE6 / 1e6).toFixed(2)} USD`;
  const worth = `position ${position.id} (NFT ${position.tokenId}, ${usd(market.position.valueUsdE6)})`;
  const gas = `for at most ${usd(limits.maxGasUsdE6)} of gas`;
  if (kind === 'collect') return `collect ${usd(market.position.feesUsdE6)} of fees of ${worth} ${gas}`;
  if (kind === 'exit' || target === null) return `take everything out of ${worth} ${gas}`;
  const from = `ticks ${position.tickLower}..${position.tickUpper}`;
  const to = `${target.tickLower}..${target.tickUpper}`;
  const how = swap === 'none' ? 'without a swap' : `with at most ${limits.maxSlippageBps / 100} % slippage`;
  return `move ${worth} from ${from} to ${to}, price at tick ${market.pool.tick}, ${how}, ${gas}`;
}

/** The event of a plan that nobody may begin, or nobody approved in time. */
export function refuseUnapproved(tools: WalletTools, plan: Plan, why: 'observe' | 'lapsed'): Promise<TradeExecuted> {
  const observed = why === 'observe';
  const check: Gate = {
    name: observed ? 'autonomy' : 'approved',
    passed: false,
    value: observed ? 'observe' : `nobody approved it until ${plan.validUntil}`,
    threshold: observed ? 'propose or act' : 'a person approves it in time',
  };
  const refusal = `${check.name} is ${check.value}, needs ${check.threshold}`;
  return refuseUnbegun(tools, plan, { checks: [check], refusal }, { lapsed: !observed });
}

type Lapsing = {
  readonly proposals: Proposals;
  readonly wallets: ReadonlyMap<string, WalletTools>;
  readonly hold: HoldWallet;
  readonly bus: Pick<Bus, 'publish'>;
};

/** Refuses what nobody approved in time. Under the wallet's lease, so that an approval of the last moment is first or late. */
export async function refuseLapsed({ proposals, wallets, hold, bus }: Lapsing, signal: AbortSignal): Promise<void> {
  for (const plan of await proposals.list()) {
    const tools = wallets.get(plan.run.chain);
    if (tools === undefined || tools.now() <= Date.parse(plan.validUntil)) continue;
    await hold(tools, signal, async () => {
      if ((await tools.records.read(plan.planId)) !== null) return;
      const trade = await refuseUnapproved(tools, plan, 'lapsed');
      await bus.publish(tradeExecuted, trade, { correlationId: plan.run.id });
      await proposals.drop(plan.planId);
    });
  }
}
