import type { Redis } from '@rangeward/adapter-redis/connect';
import { acquireLease, keepLease } from '@rangeward/adapter-redis/leases';
import { walletLease } from '@rangeward/adapter-redis/plan-records';
import type { WalletLease, WalletTools } from './wallet-tools.ts';

/** Runs `work` while holding the wallet; `held: false` when somebody else holds it. */
export type HoldWallet = <T>(
  tools: Pick<WalletTools, 'chainId' | 'wallet'>,
  signal: AbortSignal,
  work: (lease: WalletLease) => Promise<T>,
) => Promise<{ readonly held: true; readonly result: T } | { readonly held: false }>;

/** One executor at a time acts for a wallet. The lease is renewed at a third of its time; its loss aborts the work's signal. */
export function holdWallets(redis: Redis, holder: string, ttlMs: number): HoldWallet {
  return async (tools, signal, work) => {
    const lease = await acquireLease(redis, walletLease(tools), holder, ttlMs);
    if (lease === null) return { held: false };
    const kept = keepLease(lease, ttlMs);
    try {
      const both = AbortSignal.any([kept.signal, signal]);
      return { held: true, result: await work({ fence: kept.fence, signal: both }) };
    } finally {
      // A lease that cannot be given back ends by itself.
      await kept.stop().catch(() => {});
    }
  };
}
