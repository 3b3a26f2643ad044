import { setTimeout as pause } from 'node:timers/promises';
import { latestBlock } from '@rangeward/adapter-evm/receipts';
import type { WalletClient } from '@rangeward/adapter-evm/wallet-client';
import type { Address } from 'viem';
import { getTransactionCount } from 'viem/actions';

/** Transactions of the wallet are still on their way, and nobody remembers which: nothing may be built on the chain yet. */
export class InQuarantine extends Error {
  override readonly name = 'InQuarantine';
}

type Quarantine = {
  /** Another provider that must say the same; null when none is configured. */
  readonly second: WalletClient | null;
  readonly wallet: Address;
  /** For so many blocks nothing of the wallet may be pending or mined. */
  readonly blocks: number;
  readonly pollMs: number;
  /** Then the wait is over without success. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/**
 * Waits until what was signed before Redis was lost is either mined deep enough or gone: no transaction of the wallet is
 * pending, and its nonce stays the same for `blocks` blocks. Answers the next nonce. An error of the node begins the count
 * anew. Throws InQuarantine when that takes too long, and when the signal aborts.
 */
export async function awaitQuiet(client: WalletClient, of: Quarantine): Promise<number> {
  const deadlineMs = performance.now() + of.timeoutMs;
  let since: { readonly nonce: number; readonly block: number } | null = null;
  for (;;) {
    of.signal.throwIfAborted();
    const seen = await lookTwice(client, of).catch(() => null);
    if (seen === null || seen.pending !== seen.nonce) since = null;
    else if (since === null || since.nonce !== seen.nonce || seen.block < since.block) since = seen;
    else if (seen.block - since.block >= of.blocks) return seen.nonce;
    if (performance.now() > deadlineMs) {
      const now = seen === null ? 'no answer, or two that differ' : `nonce ${seen.nonce}, pending ${seen.pending}`;
      throw new InQuarantine(
        `Redis knows nothing of ${of.wallet}, and its transactions did not come to rest within ${of.timeoutMs / 1000} s (${now}): nothing is signed until they do`,
      );
    }
    await pause(of.pollMs, undefined, { signal: of.signal });
  }
}

/** Null while the two providers do not agree: one of them lags, and nobody can say how far. */
async function lookTwice(client: WalletClient, { wallet, second }: Quarantine) {
  const [seen, other] = await Promise.all([look(client, wallet), second === null ? null : look(second, wallet)]);
  return other === null || (other.nonce === seen.nonce && other.pending === seen.pending) ? seen : null;
}

async function look(client: WalletClient, wallet: Address) {
  const [nonce, pending, block] = await Promise.all([
    getTransactionCount(client, { address: wallet, blockTag: 'latest' }),
    getTransactionCount(client, { address: wallet, blockTag: 'pending' }),
    latestBlock(client),
  ]);
  return { nonce, pending, block };
}
