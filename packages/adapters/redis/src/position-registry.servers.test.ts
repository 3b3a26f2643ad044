import { describe, expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import {
  adoptPosition,
  listPositions,
  type PositionRef,
  readPosition,
  registryVersion,
  settlePosition,
} from './position-registry.ts';

const ref: PositionRef = { chain: 'local', pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640', id: 'main' };
const entry = { amount0: 10n ** 30n, amount1: 1n };
const nothing = { amount0: 0n, amount1: 0n };

/** A rebalance that left nothing over. */
const movePosition = (of: typeof redis, at: PositionRef, move: { from: bigint; to: bigint }) =>
  settlePosition(of, at, { ...move, planId: `${move.from}-${move.to}`, left: nothing });

test('the first adoption wins and tells the second what stands', async () => {
  const [one, two] = await Promise.all([
    adoptPosition(redis, ref, { tokenId: 5n, entry }),
    adoptPosition(redis, ref, { tokenId: 6n, entry: null }),
  ]);
  expect(one).toEqual(two);
  expect(one).toEqual({ ...ref, tokenId: 5n, lineage: [5n], entry, idle: nothing, restingPlan: null });
  expect(await registryVersion(redis)).toBe(1);
});

test('an unknown entry stays unknown', async () => {
  expect((await adoptPosition(redis, ref, { tokenId: 5n, entry: null })).entry).toBeNull();
});

test('nobody adopted it: nothing to read, nothing to move', async () => {
  expect(await readPosition(redis, ref)).toBeNull();
  expect(await movePosition(redis, ref, { from: 5n, to: 6n })).toBe(false);
  expect(await registryVersion(redis)).toBe(0);
});

test('of movers from the same NFT one wins, and a repeat of its move is a success', async () => {
  await adoptPosition(redis, ref, { tokenId: 5n, entry });
  const targets = [6n, 7n, 8n, 9n];
  const moved = await Promise.all(targets.map((to) => movePosition(redis, ref, { from: 5n, to })));
  expect(moved.filter(Boolean)).toHaveLength(1);
  const live = targets[moved.indexOf(true)] ?? 0n;
  expect(await readPosition(redis, ref)).toEqual({
    ...ref,
    tokenId: live,
    lineage: [5n, live],
    entry,
    idle: nothing,
    restingPlan: null,
  });
  expect(await movePosition(redis, ref, { from: 5n, to: live })).toBe(true);
  expect(await registryVersion(redis)).toBe(2);
});

test('a move that names another origin for the live NFT is refused', async () => {
  await adoptPosition(redis, ref, { tokenId: 15n, entry });
  await movePosition(redis, ref, { from: 15n, to: 6n });
  // 5 is the tail of 15: compared as whole numbers, never as text.
  expect(await movePosition(redis, ref, { from: 5n, to: 6n })).toBe(false);
  expect(await movePosition(redis, ref, { from: 15n, to: 7n })).toBe(false);
});

test('lists positions of every chain and pool', async () => {
  const other = { chain: 'base', pool: '0xd0b53d9277642d899df5c87a3966a349a798f224', id: 'wide' };
  await adoptPosition(redis, ref, { tokenId: 5n, entry });
  await adoptPosition(redis, other, { tokenId: 6n, entry: null });
  await movePosition(redis, ref, { from: 5n, to: 12n });
  expect(await listPositions(redis)).toEqual([
    { ...other, tokenId: 6n, lineage: [6n], entry: null, idle: nothing, restingPlan: null },
    { ...ref, tokenId: 12n, lineage: [5n, 12n], entry, idle: nothing, restingPlan: null },
  ]);
});

describe('what plans left in the wallet', () => {
  const big = { amount0: 10n ** 30n + 7n, amount1: 3n };

  test('leftovers and collected fees add up to the wei, each plan once however often it is settled', async () => {
    await adoptPosition(redis, ref, { tokenId: 5n, entry });
    const move = { planId: 'a', from: 5n, to: 6n, left: big };
    const collect = { planId: 'b', from: 6n, to: 6n, left: { amount0: 1n, amount1: 2n } };
    expect(await Promise.all([1, 2, 3].map(() => settlePosition(redis, ref, move)))).toEqual([true, true, true]);
    expect(await settlePosition(redis, ref, collect)).toBe(true);
    const version = await registryVersion(redis);
    for (const plan of [collect, move, { ...collect, left: big }]) await settlePosition(redis, ref, plan);
    expect(await readPosition(redis, ref)).toEqual({
      ...ref,
      tokenId: 6n,
      lineage: [5n, 6n],
      entry,
      idle: { amount0: 10n ** 30n + 8n, amount1: 5n },
      restingPlan: null,
    });
    expect(await registryVersion(redis)).toBe(version);
  });

  test('is noted even when the registry names another NFT as live, and the answer says so', async () => {
    await adoptPosition(redis, ref, { tokenId: 9n, entry });
    expect(await settlePosition(redis, ref, { planId: 'a', from: 5n, to: 6n, left: big })).toBe(false);
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 9n, lineage: [9n], idle: big });
  });

  test('when it was all there is, stands with its plan until the position has an NFT again', async () => {
    await adoptPosition(redis, ref, { tokenId: 5n, entry });
    const stopped = { planId: 'a', from: 5n, to: 5n, left: big, rests: true };
    const version = await registryVersion(redis);
    for (let time = 0; time < 2; time += 1) expect(await settlePosition(redis, ref, stopped)).toBe(true);
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 5n, idle: big, restingPlan: 'a' });
    expect(await registryVersion(redis)).toBe(version + 1);
    await settlePosition(redis, ref, { planId: 'b', from: 5n, to: 6n, left: { amount0: 0n, amount1: 0n } });
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 6n, restingPlan: null });
    // Said again by an executor that comes back late, it is old news.
    await settlePosition(redis, ref, stopped);
    expect(await readPosition(redis, ref)).toMatchObject({ tokenId: 6n, restingPlan: null });
  });

  test('of a position that nobody adopted nothing is noted', async () => {
    expect(await settlePosition(redis, ref, { planId: 'a', from: 5n, to: 6n, left: big })).toBe(false);
    expect(await redis.keys('*')).toEqual([]);
  });
});
