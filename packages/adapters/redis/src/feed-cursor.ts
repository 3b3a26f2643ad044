import { z } from 'zod';
import type { Redis } from './connect.ts';

const hex = z.templateLiteral(['0x', z.string()]);

/** The blocks that a chain's listener handled last, oldest first; enough of them to notice a reorganisation. */
const cursor = z.array(z.object({ number: z.int().nonnegative(), hash: hex, parentHash: hex }));
type FeedCursor = z.output<typeof cursor>;

/** Empty when the chain was never followed, or what is stored cannot be read. */
export async function readFeedCursor(redis: Redis, chain: string): Promise<FeedCursor> {
  const text = await redis.get(keyOf(chain));
  if (text === null) return [];
  const parsed = cursor.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : [];
}

export async function saveFeedCursor(redis: Redis, chain: string, blocks: Readonly<FeedCursor>): Promise<void> {
  await redis.set(keyOf(chain), JSON.stringify(blocks));
}

function keyOf(chain: string): string {
  return `lp:feed:${chain}`;
}
