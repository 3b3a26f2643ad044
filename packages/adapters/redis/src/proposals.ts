import { type Plan, rebalancePlanned } from '@rangeward/contracts';
import { z } from 'zod';
import type { Redis } from './connect.ts';

/**
 * Plans that wait for a person's approval, as the executor keeps them and the operator's command shows them.
 *
 * Key: `lp:proposals`, a hash of plan id and proposal; a proposal goes when its plan is carried out or has lapsed.
 */
const proposal = z.object({
  plan: z.unknown(),
  /** What would be done, with its numbers, for a person. */
  summary: z.string(),
  /** ISO 8601 UTC. */
  proposedAt: z.string(),
});
export type Proposal = { readonly plan: Plan; readonly summary: string; readonly proposedAt: string };

const KEY = 'lp:proposals';

/** Keeps a proposal; one that is kept already stays as it is. */
export async function saveProposal(redis: Redis, { plan, ...rest }: Proposal): Promise<void> {
  const body = { ...rest, plan: z.encode(rebalancePlanned.schema, plan) };
  await redis.hsetnx(KEY, plan.planId, JSON.stringify(body));
}

export async function readProposal(redis: Redis, planId: string): Promise<Proposal | null> {
  const text = await redis.hget(KEY, planId);
  return text === null ? null : readText(text);
}

/** Those that wait, the one that lapses first first. */
export async function listProposals(redis: Redis): Promise<Proposal[]> {
  const found = Object.values(await redis.hgetall(KEY)).map(readText);
  return found.sort((a, b) => a.plan.validUntil.localeCompare(b.plan.validUntil));
}

export async function dropProposal(redis: Redis, planId: string): Promise<void> {
  await redis.hdel(KEY, planId);
}

function readText(text: string): Proposal {
  const { plan, ...rest } = proposal.parse(JSON.parse(text));
  return { ...rest, plan: rebalancePlanned.schema.parse(plan) };
}
