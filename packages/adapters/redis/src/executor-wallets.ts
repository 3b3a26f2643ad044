import type { Redis } from './connect.ts';

/**
 * The wallet that the executor signs for on each chain (on paper: would sign for), so that decision can tell an NFT that
 * was given away. One hash, `lp:executor:wallets`: chain name to address in lower case. Public, like every address.
 */
const KEY = 'lp:executor:wallets';

/** Said by the executor when it starts; the last one counts. */
export async function writeExecutorWallet(redis: Redis, chain: string, wallet: string): Promise<void> {
  await redis.hset(KEY, chain, wallet);
}

/** Null when no executor has started for this chain yet. */
export async function readExecutorWallet(redis: Redis, chain: string): Promise<string | null> {
  return redis.hget(KEY, chain);
}
