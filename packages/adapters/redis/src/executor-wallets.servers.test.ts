import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { readExecutorWallet, writeExecutorWallet } from './executor-wallets.ts';

test('the wallet that an executor named last stands, for each chain apart', async () => {
  expect(await readExecutorWallet(redis, 'base')).toBeNull();
  await writeExecutorWallet(redis, 'base', '0x01');
  await writeExecutorWallet(redis, 'base', '0x02');
  expect(await readExecutorWallet(redis, 'base')).toBe('0x02');
  expect(await readExecutorWallet(redis, 'ethereum')).toBeNull();
});
