import { z } from 'zod';
import type { Redis } from './connect.ts';

/**
 * What an operator asks of the executor for one plan: to close it as it stands, and what the executor answered. An answer
 * stands beside its request, so that whoever asked can wait for it.
 *
 * Key: `lp:plan-abandon:<planId>`, a hash of the request and the answer; gone after 30 days.
 */
const request = z.object({
  /** Who asked and why, for the record. */
  by: z.string(),
  reason: z.string(),
  /** ISO 8601 UTC. */
  at: z.string(),
});
export type AbandonRequest = z.output<typeof request>;

const answer = z.object({ closed: z.boolean(), text: z.string() });
/** `closed`, or why the plan must stay open. */
export type AbandonAnswer = z.output<typeof answer>;

const KEPT_S = 30 * 86_400;

/** Asks; an answer to an earlier request is taken away. */
export async function requestAbandon(redis: Redis, planId: string, asked: AbandonRequest): Promise<void> {
  const key = keyOf(planId);
  await redis.multi().del(key).hset(key, 'request', JSON.stringify(asked)).expire(key, KEPT_S).exec();
}

/** The request that has no answer yet, or null. */
export async function readAbandonRequest(redis: Redis, planId: string): Promise<AbandonRequest | null> {
  const [asked, answered] = await redis.hmget(keyOf(planId), 'request', 'answer');
  return asked && !answered ? request.parse(JSON.parse(asked)) : null;
}

export async function answerAbandonRequest(redis: Redis, planId: string, given: AbandonAnswer): Promise<void> {
  await redis.hset(keyOf(planId), 'answer', JSON.stringify(given));
}

/** What was answered to the last request, or null. */
export async function readAbandonAnswer(redis: Redis, planId: string): Promise<AbandonAnswer | null> {
  const given = await redis.hget(keyOf(planId), 'answer');
  return given === null ? null : answer.parse(JSON.parse(given));
}

function keyOf(planId: string): string {
  return `lp:plan-abandon:${planId}`;
}
