import { setTimeout as delay } from 'node:timers/promises';
import {
  createTestClient,
  defineChain,
  type Hash,
  http,
  publicActions,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
  walletActions,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { DevAccount } from './accounts.ts';
import { localChainId } from './addresses.ts';

/** A viem client for a local chain: reads, anvil's own calls, and transactions. */
export type LocalClient = ReturnType<typeof localClient>;

/** Opens a client; it holds no connection, so there is nothing to close. */
export function localClient(rpcUrl: string) {
  const chain = defineChain({
    id: localChainId,
    name: 'local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createTestClient({
    mode: 'anvil',
    chain,
    transport: http(rpcUrl, { retryCount: 0 }),
    pollingInterval: POLL_MS,
  })
    .extend(publicActions)
    .extend(walletActions)
    .extend((client) => ({
      /**
       * Asks until the receipt is there. viem asks again only at a new block, and anvil tells of a block a moment before
       * its receipts: on a busy machine viem's own wait then never ends, since nobody mines another.
       */
      async waitForTransactionReceipt({ hash }: { readonly hash: Hash }): Promise<TransactionReceipt> {
        for (;;) {
          const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
            if (error instanceof TransactionReceiptNotFoundError) return undefined;
            throw error;
          });
          if (receipt !== undefined) return receipt;
          await delay(POLL_MS);
        }
      },
    }));
}

const POLL_MS = 10;

/** A transaction in the form of viem's `encodeFunctionData` or `encodeDeployData`: already encoded. */
export interface Call {
  readonly to?: `0x${string}`;
  readonly data: `0x${string}`;
  readonly valueWei?: bigint;
}

/**
 * Signs, sends, and waits until the transaction is in a block, whoever mines it. Throws when it reverted.
 * The gas limit is the estimate and 30 %: a swap in a later second than the estimated one writes an oracle
 * observation more.
 */
export async function sendAndWait(client: LocalClient, from: DevAccount, call: Call): Promise<TransactionReceipt> {
  const account = privateKeyToAccount(from.privateKey);
  const request = { account, data: call.data, value: call.valueWei ?? 0n, ...(call.to && { to: call.to }) };
  const gas = ((await client.estimateGas(request)) * 13n) / 10n;
  const hash = await client.sendTransaction({ ...request, gas });
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== 'success') throw new Error(`Transaction ${hash} reverted on the local chain.`);
  return receipt;
}
