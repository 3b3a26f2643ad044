import type { Redis } from './connect.ts';
import { fenceGuard, fenceKey } from './leases.ts';
import { PlanRecordRefused, walletLease } from './plan-records.ts';
import { defineScript } from './script.ts';

/**
 * What an executor found when it last held everything it knows against the chain and the broker. That this is there at
 * all says that Redis has lost nothing since: whoever finds it missing looks again before anything is begun.
 *
 * Key: `lp:executor:{<lease>}:adopted`, beside the records of the wallet.
 */
export type AdoptedRecords = {
  /** The last report, as it was written; null when Redis has none (any more). */
  read(): Promise<unknown>;
  write(fence: number, report: unknown): Promise<void>;
  /**
   * Writes a plan's record as it follows from the chain, over whatever stands there, makes it the open plan, and raises
   * the floor to the next nonce. Throws PlanRecordRefused when another holds the wallet or another plan is open.
   */
  adoptPlan(fence: number, planId: string, body: unknown, nextNonce: number): Promise<void>;
  /** The floor where Redis knows none. */
  adoptFloor(fence: number, nextNonce: number): Promise<void>;
};

export function createAdoptedRecords(redis: Redis, of: { chainId: number; wallet: string }): AdoptedRecords {
  const prefix = `lp:executor:{${walletLease(of)}}:`;
  const fenceAt = fenceKey(walletLease(of));
  const [slot, floor, adopted] = [`${prefix}slot`, `${prefix}floor`, `${prefix}adopted`];
  return {
    read: async () => JSON.parse((await redis.get(adopted)) ?? 'null') as unknown,
    async write(fence, report) {
      const answer = await writeGuarded(redis, [fenceAt, adopted], [fence, JSON.stringify(report), 'any']);
      if (answer === 'fenced') throw new PlanRecordRefused('fenced', 'of none');
    },
    async adoptPlan(fence, planId, body, nextNonce) {
      const keys = [fenceAt, slot, `${prefix}plan:${planId}`, floor];
      const answer = await adoptPlan(redis, keys, [fence, planId, JSON.stringify(body), nextNonce]);
      if (answer === 'fenced') throw new PlanRecordRefused('fenced', planId);
      if (answer === 'taken') throw new Error(`plan ${planId} cannot be taken up: another one is open`);
    },
    async adoptFloor(fence, nextNonce) {
      const answer = await writeGuarded(redis, [fenceAt, floor], [fence, nextNonce, 'first']);
      if (answer === 'fenced') throw new PlanRecordRefused('fenced', 'of none');
    },
  };
}

// KEYS: fence, key. ARGV: fence, value, `first` where a value that stands stays.
const writeGuarded = defineScript(
  'AdoptWrite',
  2,
  `${fenceGuard}
if ARGV[3] == 'first' and redis.call('EXISTS', KEYS[2]) == 1 then return 'kept' end
redis.call('SET', KEYS[2], ARGV[2])
return 'written'`,
);

// KEYS: fence, slot, plan, floor. ARGV: fence, plan id, body, next nonce.
const adoptPlan = defineScript(
  'AdoptPlan',
  4,
  `${fenceGuard}
local slot = redis.call('GET', KEYS[2])
if slot and slot ~= ARGV[2] then return 'taken' end
local version = tonumber(redis.call('HGET', KEYS[3], 'version') or '-1') + 1
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'version', tostring(version), 'body', ARGV[3])
redis.call('PERSIST', KEYS[3])
if tonumber(ARGV[4]) > tonumber(redis.call('GET', KEYS[4]) or '-1') then redis.call('SET', KEYS[4], ARGV[4]) end
return 'written'`,
);
