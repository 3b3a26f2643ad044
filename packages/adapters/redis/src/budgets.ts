import type { Redis } from './connect.ts';
import { defineScript } from './script.ts';

/**
 * Limits on what may be spent in a rolling window: money in micro-dollars, or counts. Words: an amount is *reserved*
 * before the effect, *committed* as what it really cost when the effect is known, or *released* when there was none.
 * Reserved amounts count until then, but no longer than their window: what became of a reservation is known within
 * minutes or never, and one that is never settled counts as if it had been spent whole when it was made. Committed ones
 * count for the window from their time. What is drawn from a budget is both together and a reservation never lifts it
 * above its limit.
 *
 * Every step may be repeated. One reservation goes reserved -> committed or released; a commit after a release counts,
 * because what was spent was spent.
 *
 * Keys, in one hash slot: `lp:{budgets}:reservation:<id>` (hash of state and lines), `lp:{budgets}:held:<budget>:<scope>`
 * and `lp:{budgets}:spent:<budget>:<scope>` (sorted sets of `<amount>:<id>` by time).
 */
export type BudgetLine = {
  /** What is limited, `gas-usd-e6`. */
  readonly budget: string;
  /** For whom, `live` or `wallet:0x…`; each scope has its own books. */
  readonly scope: string;
  /** Integer, 0 or more. */
  readonly amount: number;
  /** Integer; what is drawn may reach it. */
  readonly limit: number;
  readonly windowMs: number;
};

/**
 * The budgets of the day, under which decision reserves and the executor settles: micro-dollars of gas, a count, and
 * micro-dollars of what is moved.
 */
export const GAS_BUDGET = 'gas-usd-e6';
export const REBALANCES_BUDGET = 'rebalances';
export const NOTIONAL_BUDGET = 'notional-usd-e6';

type Reservation = {
  readonly reservationId: string;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** All of them or none. The same budget and scope may stand there twice, for two windows, with one amount. */
  readonly lines: readonly BudgetLine[];
};

type ReservationAnswer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly budget: string;
      readonly scope: string;
      /** Drawn before: committed in the window and reserved. */
      readonly used: number;
      readonly limit: number;
      readonly requested: number;
    };

/** The reservation was given back before; its id is not taken again. */
export class ReservationReleased extends Error {
  override readonly name = 'ReservationReleased';
}

// Longer than anything is delivered again; also how long what was spent can be looked back at.
export const KEPT_MS = 32 * 86_400_000;

/**
 * Draws on all lines at once, or says which one refuses. The same id again is granted again and draws nothing more, also
 * when it was committed meanwhile or the lines are others: what was reserved first stands. A refusal is not remembered.
 * Throws ReservationReleased for an id that was released.
 */
export async function reserveBudget(redis: Redis, reservation: Reservation): Promise<ReservationAnswer> {
  const { reservationId, nowMs, lines } = reservation;
  checkLines(lines);
  const places = new Set<string>();
  const about = [nowMs, KEPT_MS, reservationId, JSON.stringify(lines.map(placeAndAmount))];
  const values: (string | number)[] = [...about];
  const keys = [reservationKey(reservationId)];
  for (const line of lines) {
    const first = !places.has(placeOf(line));
    places.add(placeOf(line));
    keys.push(heldKey(line), spentKey(line));
    values.push(line.amount, line.limit, nowMs - line.windowMs, first ? 1 : 0);
  }
  const [outcome, index, used] = numbers(await reserve(redis, keys, values));
  if (outcome === 1) return { ok: true };
  if (outcome === 2) throw new ReservationReleased(`reservation ${reservationId} was released before`);
  const refusing = lines[(index ?? 0) - 1];
  if (refusing === undefined || used === undefined) throw new Error('the reserve script named no line');
  const { budget, scope, limit, amount } = refusing;
  return { ok: false, budget, scope, used, limit, requested: amount };
}

/**
 * Writes down what was really spent, by budget; budgets not named count with what was reserved. Only the first commit of
 * a reservation counts. `unknown` when nobody reserved under this id (or Redis lost it): nothing is written then.
 */
export async function commitBudget(
  redis: Redis,
  reservationId: string,
  actual: Readonly<Record<string, number>>,
  nowMs: number,
): Promise<'committed' | 'unknown'> {
  for (const [budget, amount] of Object.entries(actual)) checkAmount(`what was spent of ${budget}`, amount);
  const lines = await reservedLines(redis, reservationId);
  if (lines === null) return 'unknown';
  const keys = [reservationKey(reservationId), ...lines.flatMap((line) => [heldKey(line), spentKey(line)])];
  const amounts = lines.flatMap(({ budget, amount }) => [
    amount,
    Object.hasOwn(actual, budget) ? (actual[budget] ?? 0) : amount,
  ]);
  await commit(redis, keys, [nowMs, KEPT_MS, reservationId, ...amounts]);
  return 'committed';
}

/** Gives a reservation back whole. `committed` when it was spent before, which stays. */
export async function releaseBudget(
  redis: Redis,
  reservationId: string,
): Promise<'released' | 'committed' | 'unknown'> {
  const lines = await reservedLines(redis, reservationId);
  if (lines === null) return 'unknown';
  const keys = [reservationKey(reservationId), ...lines.map(heldKey)];
  const state = await release(redis, keys, [KEPT_MS, reservationId, ...lines.map(({ amount }) => amount)]);
  return state === 'committed' ? 'committed' : 'released';
}

/** What is drawn from a budget within the window up to `nowMs`: committed, and reserved and not settled. */
export async function readBudget(
  redis: Redis,
  of: { readonly budget: string; readonly scope: string; readonly nowMs: number; readonly windowMs: number },
): Promise<{ readonly used: number; readonly reserved: number }> {
  const horizon = `(${of.nowMs - of.windowMs}`;
  const both = redis.multi().zrangebyscore(spentKey(of), horizon, '+inf').zrangebyscore(heldKey(of), horizon, '+inf');
  const [used, reserved] = ((await both.exec()) ?? []).map(([error, entries]) => {
    if (error !== null) throw error;
    return Array.isArray(entries) ? sumOf(entries.map(String)) : undefined;
  });
  if (used === undefined || reserved === undefined) throw new Error('Redis did not list what was drawn');
  return { used, reserved };
}

/** What stands in the books under one reservation, by budget; null when nobody reserved under this id or Redis lost it. */
export type ReservationBooks = {
  readonly state: 'reserved' | 'committed' | 'released';
  readonly lines: readonly { readonly budget: string; readonly scope: string; readonly limit: number | null }[];
  /** Amounts by budget: still held, and booked as spent. */
  readonly held: Readonly<Record<string, number>>;
  readonly spent: Readonly<Record<string, number>>;
};

/** For auditors: looks through all that was drawn in the window up to `nowMs`. */
export async function readReservation(
  redis: Redis,
  reservationId: string,
  { nowMs, windowMs }: { readonly nowMs: number; readonly windowMs: number },
): Promise<ReservationBooks | null> {
  const [state, text] = await redis.hmget(reservationKey(reservationId), 'state', 'lines');
  if (!state || !text) return null;
  // Written by reserveBudget alone; the limit is absent in what was reserved before it was written down.
  const lines = JSON.parse(text) as readonly (ReservedLine & { limit?: number })[];
  const find = async (key: string) => {
    const entries = await redis.zrangebyscore(key, `(${nowMs - windowMs}`, '+inf');
    return sumOf(entries.filter((entry) => entry.slice(entry.indexOf(':') + 1) === reservationId));
  };
  const amounts = async (keyOf: (place: Place) => string) =>
    Object.fromEntries(await Promise.all(lines.map(async (line) => [line.budget, await find(keyOf(line))] as const)));
  const [held, spent] = await Promise.all([amounts(heldKey), amounts(spentKey)]);
  return {
    // The three states are those of the scripts.
    state: state as ReservationBooks['state'],
    lines: lines.map(({ budget, scope, limit }) => ({ budget, scope, limit: limit ?? null })),
    held,
    spent,
  };
}

/** Of entries `<amount>:<id>`. */
function sumOf(entries: readonly string[]): number {
  return entries.reduce((sum, entry) => sum + Number.parseInt(entry, 10), 0);
}

type Place = { readonly budget: string; readonly scope: string };
type ReservedLine = Place & { readonly amount: number };

async function reservedLines(redis: Redis, reservationId: string): Promise<readonly ReservedLine[] | null> {
  const lines = await redis.hget(reservationKey(reservationId), 'lines');
  if (lines === null) return null;
  // Written by reserveBudget alone.
  const read = JSON.parse(lines) as readonly ReservedLine[];
  const places = new Map(read.map((line) => [placeOf(line), line]));
  return [...places.values()];
}

const placeOf = ({ budget, scope }: Place) => `${budget}:${scope}`;
const placeAndAmount = ({ budget, scope, amount, limit }: BudgetLine) => ({ budget, scope, amount, limit });
export const reservationKey = (id: string) => `lp:{budgets}:reservation:${id}`;
export const heldKey = (place: Place) => `lp:{budgets}:held:${placeOf(place)}`;
export const spentKey = (place: Place) => `lp:{budgets}:spent:${placeOf(place)}`;

function checkLines(lines: readonly BudgetLine[]): void {
  const amounts = new Map<string, number>();
  for (const line of lines) {
    checkAmount(`the amount of ${line.budget}`, line.amount);
    checkAmount(`the limit of ${line.budget}`, line.limit);
    checkAmount(`the window of ${line.budget}`, line.windowMs);
    if (line.windowMs > KEPT_MS) throw new RangeError(`the window of ${line.budget} is longer than 32 days`);
    if ((amounts.get(placeOf(line)) ?? line.amount) !== line.amount) {
      throw new RangeError(`${placeOf(line)} stands there twice with two amounts`);
    }
    amounts.set(placeOf(line), line.amount);
  }
}

function checkAmount(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${what} is ${value}; expected an integer, 0 or more`);
}

function numbers(answer: unknown): number[] {
  if (!Array.isArray(answer)) throw new Error('the budget script answered with something else than a list');
  return answer.map(Number);
}

// Lua's numbers are doubles: exact for safe integers, written out by %.0f because tostring rounds at 14 digits.
const integer = `local function integer(value) return string.format('%.0f', value) end`;

// KEYS: reservation, then held and spent of each line. ARGV: now, how long to keep, id, lines as JSON, then of each line:
// amount, limit, the time up to which drawing no longer counts, whether it is the first of its budget and scope.
// Returns 1 granted; 2 released before; 0, index of the refusing line, drawn before.
const reserve = defineScript(
  'BudgetReserve',
  'any',
  `${integer}
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'released' then return {2} end
if state then return {1} end
local now, kept = tonumber(ARGV[1]), tonumber(ARGV[2])
local lines = (#KEYS - 1) / 2
local function drawn(key, horizon)
  local sum = 0
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. horizon, '+inf')) do
    sum = sum + tonumber(string.match(entry, '^%d+'))
  end
  return sum
end
for line = 1, lines do
  local amount, limit, horizon = tonumber(ARGV[line * 4 + 1]), tonumber(ARGV[line * 4 + 2]), ARGV[line * 4 + 3]
  local used = drawn(KEYS[line * 2], horizon) + drawn(KEYS[line * 2 + 1], horizon)
  if used + amount > limit then return {'0', tostring(line), integer(used)} end
end
for line = 1, lines do
  if ARGV[line * 4 + 4] == '1' then
    redis.call('ZADD', KEYS[line * 2], ARGV[1], ARGV[line * 4 + 1] .. ':' .. ARGV[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[line * 2], '-inf', integer(now - kept))
    redis.call('PEXPIRE', KEYS[line * 2], ARGV[2])
  end
end
redis.call('HSET', KEYS[1], 'state', 'reserved', 'lines', ARGV[4], 'at', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1}`,
);

// KEYS: reservation, then held and spent of each place. ARGV: now, how long to keep, id, then reserved and actual amount of each.
const commit = defineScript(
  'BudgetCommit',
  'any',
  `${integer}
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'committed' then return state end
local now, kept = tonumber(ARGV[1]), tonumber(ARGV[2])
for line = 1, (#KEYS - 1) / 2 do
  local held, spent = KEYS[line * 2], KEYS[line * 2 + 1]
  redis.call('ZREM', held, ARGV[line * 2 + 2] .. ':' .. ARGV[3])
  if tonumber(ARGV[line * 2 + 3]) > 0 then
    redis.call('ZADD', spent, ARGV[1], ARGV[line * 2 + 3] .. ':' .. ARGV[3])
    redis.call('ZREMRANGEBYSCORE', spent, '-inf', integer(now - kept))
    redis.call('PEXPIRE', spent, ARGV[2])
  end
end
redis.call('HSET', KEYS[1], 'state', 'committed')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'committed'`,
);

// KEYS: reservation, then held of each place. ARGV: how long to keep, id, then the reserved amount of each.
const release = defineScript(
  'BudgetRelease',
  'any',
  `
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'reserved' then return state end
for line = 2, #KEYS do redis.call('ZREM', KEYS[line], ARGV[line + 1] .. ':' .. ARGV[2]) end
redis.call('HSET', KEYS[1], 'state', 'released')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 'released'`,
);
