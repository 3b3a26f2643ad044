import type { Redis } from './connect.ts';
import { fenceGuard, fenceKey } from './leases.ts';
import { defineScript } from './script.ts';

/**
 * What the executor must know after a crash: one record a plan, and per wallet and chain the open plan (`slot`) and the
 * next nonce that may be used (`floor`). Every write names the fencing token of the wallet's lease and the version it
 * builds on, and is one script: a process that was frozen while another took over writes nothing.
 *
 * Keys: `lp:executor:{<lease>}:slot`, `…:floor`, `…:plan:<planId>`, a hash of version and body, and `…:unfinal`, the finished
 * plans whose transactions a reorganisation could still take away.
 */
export type PlanRecords = {
  /**
   * Opens a plan, or tells what is recorded of it. `taken` names the plan that this wallet has not finished yet.
   */
  open(fence: number, planId: string, body: unknown): Promise<OpenAnswer>;
  /** Replaces the record. Returns the new version. */
  save(fence: number, planId: string, version: number, body: unknown): Promise<number>;
  /** Replaces the record and raises the nonce floor in one step. */
  stepDone(fence: number, planId: string, version: number, body: unknown, nextNonce: number): Promise<number>;
  /**
   * Replaces the record for the last time and frees the wallet; the plan is one of the unfinal ones from then on. Done
   * records are kept for 400 days.
   */
  finish(fence: number, planId: string, version: number, body: unknown): Promise<number>;
  read(planId: string): Promise<StoredPlan | null>;
  /** The plan this wallet has begun and not finished. */
  openPlan(): Promise<string | null>;
  /** The finished plans that are still watched. */
  unfinal(): Promise<string[]>;
  /** The plan need not be watched any more. */
  unwatch(planId: string): Promise<void>;
  /** The lowest nonce that no finished step has used; null before the first. */
  floor(): Promise<number | null>;
};

type StoredPlan = { readonly version: number; readonly body: unknown };
type OpenAnswer =
  | (StoredPlan & { readonly kind: 'opened' | 'known' })
  | { readonly kind: 'taken'; readonly planId: string };

/** The write was not made. `fenced`: another holds the lease now. `version`: the record is not what we built on. */
export class PlanRecordRefused extends Error {
  override readonly name = 'PlanRecordRefused';
  readonly code: 'fenced' | 'version' | 'floor';

  constructor(code: 'fenced' | 'version' | 'floor', planId: string) {
    super(`the record of plan ${planId} was not written: ${explanations[code]}`);
    this.code = code;
  }
}

const explanations = {
  fenced: 'another executor holds this wallet’s lease',
  version: 'the record has changed since it was read',
  floor: 'the nonce floor would go back',
} as const;

const KEPT_S = 400 * 86_400;

// KEYS: fence, slot, plan. ARGV: fence, plan id, body.
const openPlan = defineScript(
  'PlanOpen',
  3,
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'fenced'} end
local known = redis.call('HMGET', KEYS[3], 'version', 'body')
if known[1] then return {'known', known[1], known[2]} end
local slot = redis.call('GET', KEYS[2])
if slot and slot ~= ARGV[2] then return {'taken', slot} end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'version', '0', 'body', ARGV[3])
return {'opened', '0', ARGV[3]}`,
);

// KEYS: fence, slot, plan, floor, unfinal. ARGV: fence, plan id, version, body, next nonce or '', seconds to keep or ''.
const writePlan = defineScript(
  'PlanWrite',
  5,
  `${fenceGuard}
if redis.call('HGET', KEYS[3], 'version') ~= ARGV[3] then return 'version' end
if ARGV[5] ~= '' then
  if tonumber(ARGV[5]) < tonumber(redis.call('GET', KEYS[4]) or '0') then return 'floor' end
  redis.call('SET', KEYS[4], ARGV[5])
end
redis.call('HSET', KEYS[3], 'version', tostring(tonumber(ARGV[3]) + 1), 'body', ARGV[4])
if ARGV[6] ~= '' then
  redis.call('EXPIRE', KEYS[3], ARGV[6])
  redis.call('SADD', KEYS[5], ARGV[2])
  if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
end
return 'written'`,
);

/** The lease under which a wallet (lower case) is used on a chain. */
export function walletLease(of: { readonly chainId: number; readonly wallet: string }): string {
  return `executor:${of.chainId}:${of.wallet}`;
}

/** The records of one wallet on one chain. Bodies are kept as JSON. */
export function createPlanRecords(redis: Redis, of: { chainId: number; wallet: string }): PlanRecords {
  const prefix = `lp:executor:{${walletLease(of)}}:`;
  const keys = {
    fence: fenceKey(walletLease(of)),
    slot: `${prefix}slot`,
    floor: `${prefix}floor`,
    unfinal: `${prefix}unfinal`,
  };
  const planKey = (planId: string) => `${prefix}plan:${planId}`;

  async function write(fence: number, planId: string, version: number, body: unknown, last: (string | number)[]) {
    const values = [fence, planId, version, JSON.stringify(body), ...last];
    const all = [keys.fence, keys.slot, planKey(planId), keys.floor, keys.unfinal];
    const answer = await writePlan(redis, all, values);
    if (answer === 'fenced' || answer === 'version' || answer === 'floor') throw new PlanRecordRefused(answer, planId);
    return version + 1;
  }

  return {
    async open(fence, planId, body) {
      const values = [fence, planId, JSON.stringify(body)];
      const [kind, second, third] = asTexts(await openPlan(redis, [keys.fence, keys.slot, planKey(planId)], values));
      if (kind === 'fenced') throw new PlanRecordRefused('fenced', planId);
      if (kind === 'taken') return { kind, planId: second ?? '' };
      return {
        kind: kind === 'opened' ? 'opened' : 'known',
        version: Number(second),
        body: JSON.parse(third ?? 'null'),
      };
    },
    save: (fence, planId, version, body) => write(fence, planId, version, body, ['', '']),
    stepDone: (fence, planId, version, body, nextNonce) => write(fence, planId, version, body, [nextNonce, '']),
    finish: (fence, planId, version, body) => write(fence, planId, version, body, ['', KEPT_S]),
    async read(planId) {
      const [version, body] = await redis.hmget(planKey(planId), 'version', 'body');
      return version && body ? { version: Number(version), body: JSON.parse(body) } : null;
    },
    openPlan: () => redis.get(keys.slot),
    unfinal: () => redis.smembers(keys.unfinal),
    unwatch: async (planId) => void (await redis.srem(keys.unfinal, planId)),
    async floor() {
      const floor = await redis.get(keys.floor);
      return floor === null ? null : Number(floor);
    },
  };
}

/** The plan that each wallet has begun and not finished. Looks through all keys: for people's tools. */
export async function listOpenPlans(redis: Redis): Promise<{ chainId: number; wallet: string; planId: string }[]> {
  const keys: string[] = [];
  for (let cursor = '0'; ; ) {
    const [next, found] = await redis.scan(cursor, 'MATCH', 'lp:executor:{executor:*}:slot', 'COUNT', 1_000);
    keys.push(...found);
    cursor = next;
    if (next === '0') break;
  }
  const open = await Promise.all(
    [...new Set(keys)].sort().map(async (key) => {
      const [, chainId, wallet] = /\{executor:(\d+):(0x[0-9a-f]{40})\}/.exec(key) ?? [];
      const planId = await redis.get(key);
      return chainId && wallet && planId ? [{ chainId: Number(chainId), wallet, planId }] : [];
    }),
  );
  return open.flat();
}

function asTexts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new Error('the script answered with something else than a list');
  return answer.map(String);
}
