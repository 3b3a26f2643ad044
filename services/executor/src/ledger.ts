import { breakerInTheWay } from '@rangeward/adapter-redis/breakers';
import { commitBudget, GAS_BUDGET, releaseBudget } from '@rangeward/adapter-redis/budgets';
import type { Redis } from '@rangeward/adapter-redis/connect';
import {
  adoptPosition,
  type PositionRef,
  readPosition,
  settlePosition,
} from '@rangeward/adapter-redis/position-registry';
import type { Plan } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Ledger, PlanOutcome } from './wallet-tools.ts';

/** The shared books in Redis. */
export function createLedger({ redis, log, now }: { redis: Redis; log: Logger; now: () => number }): Ledger {
  const unknown = (reservationId: string) =>
    log.warn({ reservationId }, 'nobody reserved under this id, or Redis lost it: nothing was settled');
  return {
    // Half-open is not closed: live trading waits until the errors have stayed away.
    breakerOpen: async (chain) => (await breakerInTheWay(redis, chain)) !== null,
    async commitBudget(reservationId, usdE6) {
      const answer = await commitBudget(redis, reservationId, { [GAS_BUDGET]: usdE6 }, now());
      if (answer === 'unknown') unknown(reservationId);
    },
    async releaseBudget(reservationId) {
      if ((await releaseBudget(redis, reservationId)) === 'unknown') unknown(reservationId);
    },
    liveTokenId: async (plan) => (await readPosition(redis, refOf(plan)))?.tokenId ?? null,
    settlePosition: (plan, came) => settleWithRegistry(redis, plan, came),
  };
}

async function settleWithRegistry(redis: Redis, plan: Plan, { to, left, rests }: PlanOutcome): Promise<boolean> {
  const ref = refOf(plan);
  const from = plan.position.tokenId;
  // A registry that was lost has never heard of the position: the plan knows the NFT it came from.
  if ((await readPosition(redis, ref)) === null) await adoptPosition(redis, ref, { tokenId: from, entry: null });
  return settlePosition(redis, ref, { planId: plan.planId, from, to, left, rests });
}

function refOf(plan: Plan): PositionRef {
  return { chain: plan.run.chain, pool: plan.run.pool, id: plan.position.id };
}
