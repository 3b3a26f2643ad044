import { describe, expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { readBudget, releaseBudget, reserveBudget } from './budgets.ts';
import { adoptPosition, readPosition, registryVersion, settlePosition } from './position-registry.ts';
import { restoreBudget } from './restore-budget.ts';
import { mergeLineages, restorePosition } from './restore-position.ts';

const ref = { chain: 'local', pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640', id: 'main' };
const [planA, planB] = ['a'.repeat(64), 'b'.repeat(64)];
const entry = { amount0: 3n, amount1: 4n };
const left = (amount0: bigint) => ({ amount0, amount1: 0n });

describe('two parts of one line', () => {
  test.each([
    ['nothing stands', [], [1n, 2n], [1n, 2n]],
    ['the first of it stands', [1n], [1n, 2n, 3n], [1n, 2n, 3n]],
    ['more stands than is known', [1n, 2n, 3n], [1n, 2n], [1n, 2n, 3n]],
    ['a part in the middle is known', [1n, 2n, 3n], [2n], [1n, 2n, 3n]],
    ['the end of the one begins the other', [2n, 3n], [1n, 2n], [1n, 2n, 3n]],
    ['the other way round', [1n, 2n], [2n, 3n], [1n, 2n, 3n]],
    ['they have nothing in common', [1n], [2n, 3n], null],
    ['they go two ways', [1n, 2n], [1n, 3n], null],
  ])('%s', (_, standing, known, expected) => {
    expect(mergeLineages(standing, known)).toEqual(expected);
  });
});

test('what the registry lost comes back whole, and once', async () => {
  const known = { lineage: [1n, 2n], entry, left: new Map([[planA, left(9n)]]), restingPlan: null };
  expect(await restorePosition(redis, ref, known)).toBe('restored');
  const whole = { ...ref, tokenId: 2n, lineage: [1n, 2n], entry, idle: left(9n), restingPlan: null };
  expect(await readPosition(redis, ref)).toEqual(whole);
  const version = await registryVersion(redis);
  expect(await restorePosition(redis, ref, known)).toBe('as-it-was');
  expect(await registryVersion(redis)).toBe(version);
  expect(await settlePosition(redis, ref, { planId: planB, from: 2n, to: 3n, left: left(1n) })).toBe(true);
  expect(await restorePosition(redis, ref, known)).toBe('as-it-was');
  expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 3n, lineage: [1n, 2n, 3n], idle: left(10n) });
});

test('what was adopted anew by its configured NFT goes on to the live one, with the entry of before', async () => {
  await adoptPosition(redis, ref, { tokenId: 1n, entry: { amount0: 0n, amount1: 0n } });
  const known = { lineage: [1n, 2n], entry, left: new Map(), restingPlan: null };
  expect(await restorePosition(redis, ref, known)).toBe('restored');
  expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 2n, entry });
});

test('that all rests in the wallet comes back, unless an NFT came after it', async () => {
  const known = { lineage: [1n], entry: null, left: new Map([[planA, left(5n)]]), restingPlan: planA };
  await restorePosition(redis, ref, known);
  expect(await readPosition(redis, ref)).toMatchObject({ restingPlan: planA });
  await settlePosition(redis, ref, { planId: planB, from: 1n, to: 2n, left: left(0n) });
  await restorePosition(redis, ref, known);
  expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 2n, restingPlan: null });
});

test('another line is left as it is', async () => {
  await adoptPosition(redis, ref, { tokenId: 5n, entry: null });
  const known = { lineage: [1n, 2n], entry, left: new Map(), restingPlan: null };
  expect(await restorePosition(redis, ref, known)).toBe('disagrees');
  expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 5n, entry: null });
});

describe('budgets', () => {
  const place = { budget: 'gas-usd-e6', scope: 'live' };
  const drawn = (nowMs: number) => readBudget(redis, { ...place, nowMs, windowMs: 1_000 });

  test('what was spent and reserved counts again, each once, from when it was', async () => {
    for (const _ of [1, 2]) {
      await restoreBudget(redis, {
        reservationId: 'one',
        state: 'committed',
        atMs: 100,
        lines: [{ ...place, amount: 7 }],
      });
      await restoreBudget(redis, {
        reservationId: 'two',
        state: 'reserved',
        atMs: 900,
        lines: [{ ...place, amount: 5 }],
      });
    }
    expect(await drawn(1_000)).toEqual({ used: 7, reserved: 5 });
    expect(await drawn(1_500)).toEqual({ used: 0, reserved: 5 });
    await releaseBudget(redis, 'two');
    expect(await drawn(1_500)).toEqual({ used: 0, reserved: 0 });
  });

  test('what Redis still knows is not drawn a second time', async () => {
    const line = { ...place, amount: 5, limit: 10, windowMs: 1_000 };
    await reserveBudget(redis, { reservationId: 'one', nowMs: 900, lines: [line] });
    const again = { reservationId: 'one', state: 'committed', atMs: 900, lines: [{ ...place, amount: 5 }] } as const;
    expect(await restoreBudget(redis, again)).toBe(false);
    expect(await drawn(1_000)).toEqual({ used: 0, reserved: 5 });
  });
});
