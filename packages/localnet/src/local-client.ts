import { createTestClient, defineChain, http, publicActions, type TransactionReceipt, walletActions } from 'viem';
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
  return createTestClient({ mode: 'anvil', chain, transport: http(rpcUrl, { retryCount: 0 }), pollingInterval: 10 })
    .extend(publicActions)
    .extend(walletActions);
}

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
