import { randomUUID } from 'node:crypto';
import type { Redis } from './connect.ts';
import { gatherFor, gatherTurns } from './gather.ts';
import { defineScript } from './script.ts';

/**
 * What each consumer has done, so that a message delivered again has no second effect. A key is one of three things:
 * absent (nobody began), `claim:<holder>` until its lease ends, or `done` for eight days.
 */
export type Inbox = {
  /** `claimed`: do it; `done`: it was done; `busy`: somebody is at it. The claim ends by itself after `leaseMs`. */
  claim(consumer: string, eventId: string, leaseMs: number): Promise<'claimed' | 'done' | 'busy'>;
  /** Marks it as done; with `unhurried` together with others of the next few milliseconds. */
  done(consumer: string, eventId: string, unhurried?: boolean): Promise<void>;
  /** Gives an own claim back at once. What is done, or claimed by another process, stays. */
  release(consumer: string, eventId: string): Promise<void>;
};

// Longer than the broker delivers a trigger or a tick again (7 days).
const DONE_MS = 8 * 24 * 60 * 60 * 1_000;

// What is on its way to the next service goes before what remembers it.
const UNHURRIED = { forMs: 8, atMost: 32 };

const answers = ['claimed', 'busy', 'done'] as const;

/**
 * What is asked within one turn of the event loop goes to Redis as one script, and waits for no more than that turn:
 * under load a dozen claims and marks cost little more than one.
 */
export function createInbox(redis: Redis): Inbox {
  const mark = `claim:${randomUUID()}`;
  const ask = gatherTurns((asked: readonly Asked[]) => turn(redis, mark, asked));
  const askTogether = gatherFor((asked: readonly Asked[]) => Promise.all(asked.map(ask)), UNHURRIED);
  return {
    claim: async (consumer, eventId, leaseMs) => {
      const answer = answers[await ask({ key: keyOf(consumer, eventId), leaseMs })];
      if (answer === undefined) throw new Error('the inbox script gave an answer outside its table');
      return answer;
    },
    done: async (consumer, eventId, unhurried = false) => {
      const asked = { key: keyOf(consumer, eventId), leaseMs: null };
      await (unhurried ? askTogether(asked) : ask(asked));
    },
    release: async (consumer, eventId) => {
      await release(redis, [keyOf(consumer, eventId)], [mark]);
    },
  };
}

/** A claim for so long, or with null the mark that it is done. */
type Asked = { readonly key: string; readonly leaseMs: number | null };

async function turn(redis: Redis, mark: string, asked: readonly Asked[]): Promise<readonly number[]> {
  const keys = asked.map(({ key }) => key);
  const leases = asked.map(({ leaseMs }) => leaseMs ?? 'done');
  const said = await inboxTurn(redis, keys, [mark, DONE_MS, ...leases]);
  if (!Array.isArray(said) || said.length !== asked.length) throw new Error('the inbox script did not answer each key');
  return said.map(Number);
}

function keyOf(consumer: string, eventId: string): string {
  return `lp:{inbox}:${consumer}:${eventId}`;
}

// KEYS: marks. ARGV: our claim, how long what is done is kept, then of each mark its lease in ms or `done`. Returns of each
// an index into `answers`, in their order: each one sees what those before it wrote.
const inboxTurn = defineScript(
  'InboxTurn',
  'any',
  `
local said = {}
for index, key in ipairs(KEYS) do
  local lease = ARGV[index + 2]
  if lease == 'done' then
    redis.call('SET', key, 'done', 'PX', ARGV[2])
    said[index] = 2
  else
    local standing = redis.call('SET', key, ARGV[1], 'PX', lease, 'NX', 'GET')
    said[index] = (not standing and 0) or (standing == 'done' and 2) or 1
  end
end
return said`,
);

// KEYS: mark. ARGV: our claim.
const release = defineScript(
  'InboxRelease',
  1,
  `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
);
