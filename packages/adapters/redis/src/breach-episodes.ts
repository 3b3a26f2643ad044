import { z } from 'zod';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * The breach episodes of managed positions: a price that left a range is announced once, until it came back or the
 * episode is old enough to be said again. Kept so that a restart neither repeats nor forgets one.
 *
 * Key: `lp:breach:<chain>:<pool>:<id>`, a hash of the record and the block it stems from.
 */
export type EpisodeRef = { readonly chain: string; readonly pool: string; readonly id: string };

const record = z.object({
  /** NFT whose range was left, as a decimal string. */
  tokenId: z.string().regex(/^[0-9]+$/),
  side: z.enum(['below', 'above']),
  /** Block of the announcement that stands. */
  block: z.int().nonnegative(),
});
export type Episode = z.output<typeof record>;

/** The open episode of a position, or null. A record that cannot be read counts as none: the breach is said again. */
export async function readEpisode(redis: Redis, ref: EpisodeRef): Promise<Episode | null> {
  const text = await redis.hget(keyOf(ref), 'episode');
  if (text === null || text === '') return null;
  const parsed = record.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

/**
 * Writes what holds after `block`: an episode, or null for none. A later block's word is never overwritten by an
 * earlier one's, so that a replica that lags cannot undo what another one knows. True when it was written.
 */
export async function saveEpisode(
  redis: Redis,
  ref: EpisodeRef,
  block: number,
  episode: Episode | null,
): Promise<boolean> {
  const text = episode === null ? '' : JSON.stringify(episode);
  return (await save(redis, [keyOf(ref)], [block, text])) === 1;
}

/** After a reorganisation: what blocks above the ancestor said no longer binds, the episode itself stays. */
export async function rewindEpisode(redis: Redis, ref: EpisodeRef, ancestor: number): Promise<void> {
  await rewind(redis, [keyOf(ref)], [ancestor]);
}

// KEYS: record. ARGV: block, episode.
const save = defineScript(
  'SaveEpisode',
  1,
  `
local known = redis.call('HGET', KEYS[1], 'block')
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'block', ARGV[1], 'episode', ARGV[2])
return 1`,
);

// KEYS: record. ARGV: ancestor.
const rewind = defineScript(
  'RewindEpisode',
  1,
  `
local known = redis.call('HGET', KEYS[1], 'block')
if known and tonumber(known) > tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'block', ARGV[1]) end
return 1`,
);

function keyOf(ref: EpisodeRef): string {
  return `lp:breach:${ref.chain}:${ref.pool}:${ref.id}`;
}
