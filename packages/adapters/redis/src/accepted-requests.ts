import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

/**
 * Requests that carry an id of their own inside their message, such as a structured CloudEvent: the same request may come
 * in several messages, and the first of them is the one that counts.
 *
 * Key: `lp:request:<sha256 of the id>`, the id of that message, kept for a week as the stream keeps the messages.
 */
const KEPT_MS = 7 * 86_400_000;

/** The message that was first with this request, which may be this one, asked about again. */
export async function firstWithRequest(redis: Redis, requestId: string, messageId: string): Promise<string> {
  const key = `lp:request:${createHash('sha256').update(requestId).digest('hex')}`;
  return (await redis.set(key, messageId, 'PX', KEPT_MS, 'NX', 'GET')) ?? messageId;
}
