import { heldKey, KEPT_MS, reservationKey, spentKey } from './budgets.ts';
import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

type RestoredLine = {
  readonly budget: string;
  readonly scope: string;
  /** Integer, 0 or more. */
  readonly amount: number;
};

type RestoredReservation = {
  readonly reservationId: string;
  /** `reserved` counts until it is settled, `committed` is what was really spent. */
  readonly state: 'reserved' | 'committed';
  /** When, milliseconds since 1970. */
  readonly atMs: number;
  readonly lines: readonly RestoredLine[];
};

/**
 * Draws again what was drawn before Redis lost it, limits or not, since it was drawn. A reservation that is still known
 * is left as it is, so this may be repeated. True when something was written.
 */
export async function restoreBudget(redis: Redis, of: RestoredReservation): Promise<boolean> {
  for (const { amount } of of.lines) {
    if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${amount} cannot be drawn`);
  }
  const book = of.state === 'reserved' ? heldKey : spentKey;
  const keys = [reservationKey(of.reservationId), ...of.lines.map(book)];
  const lines = JSON.stringify(of.lines.map(({ budget, scope, amount }) => ({ budget, scope, amount })));
  const values = [of.state, of.atMs, KEPT_MS, of.reservationId, lines, ...of.lines.map(({ amount }) => amount)];
  return (await restore(redis, keys, values)) === 1;
}

// KEYS: reservation, then the book of each line. ARGV: state, when, how long to keep, id, lines as JSON, then each amount.
const restore = defineScript(
  'BudgetRestore',
  'any',
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for line = 2, #KEYS do
  if tonumber(ARGV[line + 4]) > 0 then
    redis.call('ZADD', KEYS[line], ARGV[2], ARGV[line + 4] .. ':' .. ARGV[4])
    redis.call('PEXPIRE', KEYS[line], ARGV[3])
  end
end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'lines', ARGV[5], 'at', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`,
);
