import { z } from 'zod';
import type { Redis } from './connect.ts';

/**
 * The limits that a service was last started with, so that a change of them can be told.
 *
 * Key: `lp:limits:<service>`, limits by name as text; kept for ever.
 */
const limits = z.record(z.string(), z.string());
export type Limits = z.output<typeof limits>;

const keyOf = (service: string) => `lp:limits:${service}`;

/** Null before the first start. */
export async function readRecordedLimits(redis: Redis, service: string): Promise<Limits | null> {
  const text = await redis.get(keyOf(service));
  return text === null ? null : limits.parse(JSON.parse(text));
}

export async function writeRecordedLimits(redis: Redis, service: string, now: Limits): Promise<void> {
  await redis.set(keyOf(service), JSON.stringify(now));
}
