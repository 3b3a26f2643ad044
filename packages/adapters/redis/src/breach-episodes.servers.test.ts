import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { type EpisodeRef, readEpisode, rewindEpisode, saveEpisode } from './breach-episodes.ts';
import { readFeedCursor, saveFeedCursor } from './feed-cursor.ts';
import { readTriggerMemory, saveTriggerMemory } from './trigger-memory.ts';

const ref: EpisodeRef = { chain: 'local', pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640', id: 'main' };
const episode = { tokenId: '5', side: 'below', block: 20 } as const;

test('an episode is opened, closed and opened again', async () => {
  expect(await readEpisode(redis, ref)).toBeNull();
  await saveEpisode(redis, ref, 20, episode);
  expect(await readEpisode(redis, ref)).toEqual(episode);
  await saveEpisode(redis, ref, 21, null);
  expect(await readEpisode(redis, ref)).toBeNull();
  await saveEpisode(redis, ref, 22, { ...episode, block: 22 });
  expect(await readEpisode(redis, ref)).toEqual({ ...episode, block: 22 });
});

test('an earlier block’s word does not overwrite a later one’s', async () => {
  await saveEpisode(redis, ref, 21, null);
  expect(await saveEpisode(redis, ref, 20, episode)).toBe(false);
  expect(await readEpisode(redis, ref)).toBeNull();
});

test('after a reorganisation the blocks that replace the dropped ones are heard', async () => {
  await saveEpisode(redis, ref, 21, episode);
  await rewindEpisode(redis, ref, 18);
  expect(await readEpisode(redis, ref)).toEqual(episode);
  expect(await saveEpisode(redis, ref, 19, null)).toBe(true);
  expect(await readEpisode(redis, ref)).toBeNull();
});

test('trigger memories and feed cursors come back as they were kept, each under its own name', async () => {
  const gas = { kind: 'gas', chain: 'local', pool: ref.pool } as const;
  await saveTriggerMemory(redis, gas, { armed: false, firedAtS: 1_767_571_200 });
  expect(await readTriggerMemory(redis, gas)).toEqual({ armed: false, firedAtS: 1_767_571_200 });
  expect(await readTriggerMemory(redis, { ...gas, kind: 'volatility' })).toBeNull();
  const blocks = [{ number: 7, hash: '0xa' as const, parentHash: '0xb' as const }];
  await saveFeedCursor(redis, 'local', blocks);
  expect(await readFeedCursor(redis, 'local')).toEqual(blocks);
  expect(await readFeedCursor(redis, 'base')).toEqual([]);
});
