import { randomUUID } from 'node:crypto';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * What each consumer has done, so that a message delivered again has no second effect. A key is one of three things:
 * absent (nobody began), `claim:<holder>` until its lease ends, or `done` for eight days.
 */
export type Inbox = {
  /** `claimed`: do it; `done`: it was done; `busy`: somebody is at it. The claim ends by itself after `leaseMs`. */
  claim(consumer: string, eventId: string, leaseMs: number): Promise<'claimed' | 'done' | 'busy'>;
  done(consumer: string, eventId: string): Promise<void>;
  /** Gives an own claim back at once. What is done, or claimed by another process, stays. */
  release(consumer: string, eventId: string): Promise<void>;
};

// Longer than the broker delivers a trigger or a tick again (7 days).
const DONE_MS = 8 * 24 * 60 * 60 * 1_000;

const answers = ['claimed', 'busy', 'done'] as const;

export function createInbox(redis: Redis): Inbox {
  const mark = `claim:${randomUUID()}`;
  return {
    claim: async (consumer, eventId, leaseMs) => {
      const answer = answers[Number(await claim(redis, [keyOf(consumer, eventId)], [mark, leaseMs]))];
      if (answer === undefined) throw new Error('the claim script gave an answer outside its table');
      return answer;
    },
    done: async (consumer, eventId) => {
      await redis.set(keyOf(consumer, eventId), 'done', 'PX', DONE_MS);
    },
    release: async (consumer, eventId) => {
      await release(redis, [keyOf(consumer, eventId)], [mark]);
    },
  };
}

function keyOf(consumer: string, eventId: string): string {
  return `lp:inbox:${consumer}:${eventId}`;
}

// KEYS: mark. ARGV: our claim, lease in ms. Returns an index into `answers`.
const claim = defineScript(
  'InboxClaim',
  1,
  `
local standing = redis.call('GET', KEYS[1])
if standing == 'done' then return 2 end
if standing then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0`,
);

// KEYS: mark. ARGV: our claim.
const release = defineScript(
  'InboxRelease',
  1,
  `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
);
