import { z } from 'zod';
import type { Redis } from './connect.ts';

/**
 * What the volatility and gas triggers remember between blocks and over restarts.
 * Key: `lp:trigger:<kind>:<chain>:<pool>`, JSON.
 */
type TriggerRef = { readonly kind: 'volatility' | 'gas'; readonly chain: string; readonly pool: string };

const memory = z.object({
  /** Ready to fire when the condition holds; false from firing until the value was clearly on the other side. */
  armed: z.boolean(),
  /** Chain time of the last firing, Unix seconds. */
  firedAtS: z.int().nullable(),
});
export type TriggerMemory = z.output<typeof memory>;

/** Null when nothing is remembered. */
export async function readTriggerMemory(redis: Redis, ref: TriggerRef): Promise<TriggerMemory | null> {
  const text = await redis.get(keyOf(ref));
  if (text === null) return null;
  const parsed = memory.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export async function saveTriggerMemory(redis: Redis, ref: TriggerRef, value: TriggerMemory): Promise<void> {
  await redis.set(keyOf(ref), JSON.stringify(value));
}

function keyOf(ref: TriggerRef): string {
  return `lp:trigger:${ref.kind}:${ref.chain}:${ref.pool}`;
}
