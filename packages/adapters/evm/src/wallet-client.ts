import { type Client, createClient } from 'viem';
import { chainTransport } from './client.ts';
import type { ChainSettings } from './settings.ts';

/** One node that a wallet speaks to. Reads, nonce and send of one transaction all go to this one. */
export type WalletClient = Client;

/**
 * A client for reading before and writing after a signature. It never repeats a call by itself: whether a lost answer
 * to a send means anything is for the caller to find out. Holds no connection; its errors never carry the node's URL.
 */
export function openWalletClient(of: {
  readonly name: string;
  readonly settings: ChainSettings;
  readonly timeoutMs?: number;
}): WalletClient {
  return createClient({ transport: chainTransport({ timeoutMs: 5_000, ...of, retries: 0 }) });
}
