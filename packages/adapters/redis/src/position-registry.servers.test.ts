import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import {
  adoptPosition,
  listPositions,
  movePosition,
  type PositionRef,
  readPosition,
  registryVersion,
} from './position-registry.ts';

const ref: PositionRef = { chain: 'local', pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640', id: 'main' };
const entry = { amount0: 10n ** 30n, amount1: 1n };

test('the first adoption wins and tells the second what stands', async () => {
  const [one, two] = await Promise.all([
    adoptPosition(redis, ref, { tokenId: 5n, entry }),
    adoptPosition(redis, ref, { tokenId: 6n, entry: null }),
  ]);
  expect(one).toEqual(two);
  expect(one).toEqual({ ...ref, tokenId: 5n, lineage: [5n], entry });
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
  expect(await readPosition(redis, ref)).toEqual({ ...ref, tokenId: live, lineage: [5n, live], entry });
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
    { ...other, tokenId: 6n, lineage: [6n], entry: null },
    { ...ref, tokenId: 12n, lineage: [5n, 12n], entry },
  ]);
});
