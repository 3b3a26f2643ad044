import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redis, server } from '../test/fresh-redis.ts';
import {
  type BudgetLine,
  commitBudget,
  ReservationReleased,
  readBudget,
  releaseBudget,
  reserveBudget,
} from './budgets.ts';
import { closeRedis, connectRedis, type Redis } from './connect.ts';

const day = 86_400_000;
const gas: BudgetLine = { budget: 'gas-usd-e6', scope: 'live', amount: 60, limit: 100, windowMs: day };
const count: BudgetLine = { budget: 'rebalances', scope: 'live', amount: 1, limit: 2, windowMs: day };
const reserve = (reservationId: string, lines: readonly BudgetLine[] = [gas], nowMs = 0) =>
  reserveBudget(redis, { reservationId, nowMs, lines });
const read = ({ budget, scope, windowMs }: BudgetLine, nowMs = 0) =>
  readBudget(redis, { budget, scope, nowMs, windowMs });

describe('reserve', () => {
  test('draws up to the limit and not a unit more', async () => {
    expect(await reserve('a')).toEqual({ ok: true });
    const refused = { ok: false, budget: 'gas-usd-e6', scope: 'live', used: 60, limit: 100, requested: 60 };
    expect(await reserve('b')).toEqual(refused);
    expect(await reserve('c', [{ ...gas, amount: 40 }])).toEqual({ ok: true });
    expect(await reserve('d', [{ ...gas, amount: 1 }])).toMatchObject({ ok: false, used: 100 });
    expect(await reserve('e', [{ ...gas, amount: 0 }])).toEqual({ ok: true });
  });

  test('takes all lines or none', async () => {
    await reserve('a', [count, gas]);
    expect(await reserve('b', [count, gas])).toMatchObject({ ok: false, budget: 'gas-usd-e6' });
    expect(await read(count)).toEqual({ used: 0, reserved: 1 });
  });

  test('the same id again is granted and draws nothing more, whatever became of it', async () => {
    for (let time = 0; time < 5; time += 1) expect(await reserve('a')).toEqual({ ok: true });
    expect(await read(gas)).toEqual({ used: 0, reserved: 60 });
    await commitBudget(redis, 'a', {}, 0);
    expect(await reserve('a')).toEqual({ ok: true });
    expect(await read(gas)).toEqual({ used: 60, reserved: 0 });
  });

  test('an id that was released is not taken again', async () => {
    await reserve('a');
    await releaseBudget(redis, 'a');
    await expect(reserve('a')).rejects.toThrow(ReservationReleased);
  });

  test('a refusal is not remembered', async () => {
    await reserve('a');
    await reserve('b');
    await releaseBudget(redis, 'a');
    expect(await reserve('b')).toEqual({ ok: true });
  });

  test('one budget over two windows is drawn once and meets both limits', async () => {
    const hour = { ...count, limit: 1, windowMs: 3_600_000 };
    await reserve('a', [count, hour]);
    await commitBudget(redis, 'a', {}, 0);
    expect(await read(count)).toEqual({ used: 1, reserved: 0 });
    expect(await reserve('b', [count, hour], 1)).toMatchObject({ ok: false, limit: 1 });
    expect(await reserve('b', [count, hour], 3_600_000)).toEqual({ ok: true });
    await commitBudget(redis, 'b', {}, 3_600_000);
    expect(await reserve('c', [count, hour], 7_200_000)).toMatchObject({ ok: false, limit: 2 });
  });

  test('scopes have books of their own', async () => {
    await reserve('a');
    expect(await reserve('b', [{ ...gas, scope: 'paper' }])).toEqual({ ok: true });
  });

  test('amounts that are no counts are refused, and so are contradictions', async () => {
    for (const amount of [-1, 0.5, Number.NaN, 2 ** 53]) {
      await expect(reserve('a', [{ ...gas, amount }])).rejects.toThrow(RangeError);
    }
    await expect(reserve('a', [gas, { ...gas, amount: 1 }])).rejects.toThrow('two amounts');
    await expect(commitBudget(redis, 'a', { 'gas-usd-e6': -1 }, 0)).rejects.toThrow(RangeError);
  });

  test('great amounts stay exact', async () => {
    const great = { ...gas, amount: 9_007_199_254_740_990, limit: 9_007_199_254_740_991 };
    await reserve('a', [great]);
    expect(await reserve('b', [{ ...great, amount: 2 }])).toMatchObject({ ok: false, used: 9_007_199_254_740_990 });
    await commitBudget(redis, 'a', {}, 0);
    expect(await read(gas)).toEqual({ used: 9_007_199_254_740_990, reserved: 0 });
  });
});

describe('commit and release', () => {
  test('what was really spent counts, once; what is not named counts as reserved', async () => {
    await reserve('a', [count, gas]);
    for (const spent of [7, 55]) await commitBudget(redis, 'a', { 'gas-usd-e6': spent }, 0);
    expect(await read(gas)).toEqual({ used: 7, reserved: 0 });
    expect(await read(count)).toEqual({ used: 1, reserved: 0 });
  });

  test('spending above what was reserved is a fact, and refuses the next', async () => {
    await reserve('a');
    await commitBudget(redis, 'a', { 'gas-usd-e6': 130 }, 0);
    expect(await reserve('b', [{ ...gas, amount: 0 }])).toMatchObject({ ok: false, used: 130 });
  });

  test('leaves the window when its time is over', async () => {
    await reserve('a');
    await reserve('b', [{ ...gas, amount: 40 }], 2_000);
    await commitBudget(redis, 'a', {}, 1_000);
    expect(await read(gas, 1_000 + day - 1)).toEqual({ used: 60, reserved: 40 });
    expect(await read(gas, 1_000 + day)).toEqual({ used: 0, reserved: 40 });
    expect(await reserve('c', [gas], 1_000 + day - 1)).toMatchObject({ ok: false, used: 100 });
    expect(await reserve('c', [gas], 1_000 + day)).toEqual({ ok: true });
  });

  test('what is reserved and never settled holds its budget for one window and no longer', async () => {
    await reserve('lost', [gas], 1_000);
    expect(await reserve('b', [gas], 1_000 + day - 1)).toMatchObject({ ok: false, used: 60 });
    expect(await reserve('b', [gas], 1_000 + day)).toEqual({ ok: true });
    expect(await read(gas, 1_000 + day)).toEqual({ used: 0, reserved: 60 });
    // Should its plan have been carried out all the same, what it cost counts from when that is known.
    await commitBudget(redis, 'lost', { 'gas-usd-e6': 15 }, 2_000 + day);
    expect(await read(gas, 2_000 + day)).toEqual({ used: 15, reserved: 60 });
    expect(await redis.pttl('lp:{budgets}:reservation:lost')).toBeGreaterThan(31 * day);
    expect(await redis.pttl('lp:{budgets}:held:gas-usd-e6:live')).toBeGreaterThan(31 * day);
  });

  test('a release gives all back, once, and not what was spent', async () => {
    await reserve('a');
    expect(await releaseBudget(redis, 'a')).toBe('released');
    expect(await releaseBudget(redis, 'a')).toBe('released');
    expect(await read(gas)).toEqual({ used: 0, reserved: 0 });
    await reserve('b');
    await commitBudget(redis, 'b', {}, 0);
    expect(await releaseBudget(redis, 'b')).toBe('committed');
    expect(await read(gas)).toEqual({ used: 60, reserved: 0 });
  });

  test('what was spent counts even after a release', async () => {
    await reserve('a');
    await releaseBudget(redis, 'a');
    expect(await commitBudget(redis, 'a', {}, 0)).toBe('committed');
    expect(await read(gas)).toEqual({ used: 60, reserved: 0 });
  });

  test('nobody reserved it: said, and nothing written', async () => {
    expect(await commitBudget(redis, 'x', {}, 0)).toBe('unknown');
    expect(await releaseBudget(redis, 'x')).toBe('unknown');
    expect(await redis.dbsize()).toBe(0);
  });
});

/** What the books must say, kept in plain values. */
function createModel() {
  const known = new Map<string, { state: 'reserved' | 'committed' | 'released'; amount: number; atMs: number }>();
  const sum = (state: string, fromMs: number) =>
    [...known.values()]
      .filter((each) => each.state === state && each.atMs > fromMs)
      .reduce((total, { amount }) => total + amount, 0);
  return { known, drawn: (nowMs: number) => sum('reserved', nowMs - day) + sum('committed', nowMs - day) };
}

test('any order of steps, each repeated at will, keeps the books of the model', async () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    kind: fc.constantFrom('reserve', 'commit', 'release'),
    amount: fc.integer({ min: 0, max: 80 }),
    afterMs: fc.integer({ min: 0, max: day / 2 }),
    times: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await redis.flushall();
      const { known, drawn } = createModel();
      let nowMs = 1_000_000;
      for (const { id, kind, amount, afterMs, times } of steps) {
        nowMs += afterMs;
        for (let time = 0; time < times; time += 1) {
          const standing = known.get(id);
          if (kind === 'reserve') {
            const before = drawn(nowMs);
            const answer = await reserve(id, [{ ...gas, amount }], nowMs).catch((error: unknown) => error);
            if (standing?.state === 'released') expect(answer).toBeInstanceOf(ReservationReleased);
            else if (standing !== undefined) expect(answer).toEqual({ ok: true });
            else {
              expect(answer).toMatchObject(before + amount <= 100 ? { ok: true } : { ok: false, used: before });
              if (before + amount <= 100) known.set(id, { state: 'reserved', amount, atMs: nowMs });
            }
          } else if (kind === 'commit') {
            await commitBudget(redis, id, { 'gas-usd-e6': amount }, nowMs);
            if (standing !== undefined && standing.state !== 'committed')
              known.set(id, { state: 'committed', amount, atMs: nowMs });
          } else {
            await releaseBudget(redis, id);
            if (standing?.state === 'reserved') known.set(id, { ...standing, state: 'released' });
          }
        }
        const { used, reserved } = await read(gas, nowMs);
        expect(used + reserved).toBe(drawn(nowMs));
      }
    }),
    { numRuns: 60 },
  );
});

test('8 clients, 2,000 operations each, every call repeated: never above the limit, exact at the end', async () => {
  const line: BudgetLine = { budget: 'gas-usd-e6', scope: 'live', amount: 1, limit: 2_000, windowMs: day };
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectRedis({ url: server.url })));
  let running = true;
  let most = 0;
  const watching = (async () => {
    while (running) {
      const { used, reserved } = await read(line, 1);
      most = Math.max(most, used + reserved);
    }
  })();
  const twice = async <T>(call: () => Promise<T>) => {
    const [one, other] = await Promise.all([call(), call()]);
    expect(other).toEqual(one);
  };
  /** One operation: reserves, then gives back or spends. Returns what it spent. */
  const operate = async (client: Redis, index: number, operation: number): Promise<number> => {
    const reservationId = `${index}-${operation}`;
    const amount = 1 + ((operation * 7 + index * 3) % 20);
    const ask = () => reserveBudget(client, { reservationId, nowMs: 1, lines: [{ ...line, amount }] });
    const [one, other] = await Promise.all([ask(), ask()]);
    // A refusal may turn into a grant when another gave back in between; a grant never into a refusal.
    if (one.ok) expect(other.ok).toBe(true);
    if (!other.ok) return 0;
    if (operation % 3 === 0) {
      await twice(() => releaseBudget(client, reservationId));
      return 0;
    }
    const actual = operation % 2 === 0 ? amount : Math.floor(amount / 2);
    await twice(() => commitBudget(client, reservationId, { [line.budget]: actual }, 1));
    return actual;
  };
  const spent = await Promise.all(
    clients.map(async (client, index) => {
      let total = 0;
      for (let first = 0; first < 2_000; first += 50) {
        const operations = Array.from({ length: 50 }, (_, offset) => operate(client, index, first + offset));
        for (const amount of await Promise.all(operations)) total += amount;
      }
      return total;
    }),
  );
  running = false;
  await watching;
  const before = spent.reduce((sum, each) => sum + each, 0);
  expect(await read(line, 1)).toEqual({ used: before, reserved: 0 });
  // What is left is granted to the last unit.
  expect((await reserve('rest', [{ ...line, amount: line.limit - before }], 1)).ok).toBe(true);
  expect((await reserve('more', [line], 1)).ok).toBe(false);
  expect(most).toBeLessThanOrEqual(line.limit);
  expect(most).toBeGreaterThan(line.limit / 2);
  await Promise.all(clients.map(closeRedis));
}, 60_000);
