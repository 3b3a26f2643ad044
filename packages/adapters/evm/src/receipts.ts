import { setTimeout as pause } from 'node:timers/promises';
import type { Address, Hex } from 'viem';
import type { WalletClient } from './wallet-client.ts';

/** A log as plain JSON. */
export type RecordedLog = { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex };

/** A receipt as plain JSON, so that it can be stored: big numbers are decimal strings. */
export type RecordedReceipt = {
  readonly hash: Hex;
  readonly status: 'success' | 'reverted';
  readonly block: number;
  readonly blockHash: Hex;
  readonly gasUsed: string;
  readonly effectiveGasPriceWei: string;
  /** Fee for the data on the layer below (OP-stack chains); 0 elsewhere. */
  readonly l1FeeWei: string;
  readonly logs: readonly RecordedLog[];
};

/** What nodes answer to eth_getTransactionReceipt, as far as it is used; `l1Fee` comes from OP-stack nodes only. */
type RpcReceipt = {
  readonly transactionHash: Hex;
  readonly status: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly l1Fee?: Hex;
  readonly logs: readonly { readonly address: Address; readonly topics: readonly Hex[]; readonly data: Hex }[];
};

/** The receipt of a transaction that is in a block, or null: not yet, or never. Null closes nothing. */
export async function findReceipt(client: WalletClient, hash: Hex): Promise<RecordedReceipt | null> {
  // viem's type of this answer lacks l1Fee; the shape is the node's own.
  const answer = (await client.request({ method: 'eth_getTransactionReceipt', params: [hash] } as never)) as
    | RpcReceipt
    | null
    | undefined;
  if (answer === null || answer === undefined || !answer.blockHash) return null;
  return {
    hash: answer.transactionHash,
    // '0x0' is truthy and 0 is not: the one sign of success is the number 1.
    status: BigInt(answer.status) === 1n ? 'success' : 'reverted',
    block: Number(answer.blockNumber),
    blockHash: answer.blockHash,
    gasUsed: BigInt(answer.gasUsed).toString(),
    effectiveGasPriceWei: BigInt(answer.effectiveGasPrice).toString(),
    l1FeeWei: BigInt(answer.l1Fee ?? '0x0').toString(),
    logs: answer.logs.map((log) => ({
      address: log.address.toLowerCase() as Address,
      topics: log.topics,
      data: log.data,
    })),
  };
}

/** The number of the latest block. */
export async function latestBlock(client: WalletClient): Promise<number> {
  // A client without a chain has no table of methods to type this by.
  return Number(await client.request({ method: 'eth_blockNumber' } as never));
}

/** The latest block, as far as a wait for a receipt needs it. */
export type Head = { readonly number: number; readonly timestampS: bigint };

async function readHead(client: WalletClient): Promise<Head> {
  // A client without a chain has no table of methods to type this by.
  const block = (await client.request({ method: 'eth_getBlockByNumber', params: ['latest', false] } as never)) as {
    readonly number: Hex;
    readonly timestamp: Hex;
  };
  return { number: Number(block.number), timestampS: BigInt(block.timestamp) };
}

/** The hash of the block with this number; null when the node has none. */
export async function blockHashAt(client: WalletClient, number: number): Promise<Hex | null> {
  const params = [`0x${number.toString(16)}`, false];
  const block = (await client.request({ method: 'eth_getBlockByNumber', params } as never)) as { hash: Hex } | null;
  return block?.hash ?? null;
}

type ReceiptWait = {
  /** All that share the nonce; whichever is mined is the answer. Asked at each look, since some may be added meanwhile. */
  readonly hashes: () => readonly Hex[];
  /** Being in a block counts as 1. */
  readonly confirmations: number;
  /** Longest pause between two looks; the first looks come quicker. */
  readonly pollMs: number;
  /** Ends the wait by a throw: drain, or a lost lease. */
  readonly signal: AbortSignal;
  /** Called after each look at which none of them was in a block; what it throws ends the wait. */
  readonly unseen: (head: Head) => Promise<void>;
  /** Whether somebody else confirms a receipt that is deep enough; asked at each look until it is so. Yes when absent. */
  readonly agrees?: (receipt: RecordedReceipt) => Promise<boolean>;
};

/**
 * Waits until one of the transactions is in a block with as many confirmations as asked. An RPC error is "not known yet"
 * and looked past. Throws when `signal` aborts and what `unseen` throws.
 */
export async function waitForReceipt(client: WalletClient, wait: ReceiptWait): Promise<RecordedReceipt> {
  let pauseMs = 5;
  for (;;) {
    wait.signal.throwIfAborted();
    const seen = await look(client, wait).catch(() => null);
    if (seen?.receipt != null && seen.deep && ((await wait.agrees?.(seen.receipt)) ?? true)) return seen.receipt;
    if (seen !== null && seen.receipt === null) await wait.unseen(seen.head);
    // Whoever ends the wait says why; the pause itself would only say that it was aborted.
    await pause(pauseMs, undefined, { signal: wait.signal }).catch(() => wait.signal.throwIfAborted());
    pauseMs = Math.min(wait.pollMs, Math.ceil(pauseMs * 1.5));
  }
}

async function look(client: WalletClient, wait: Pick<ReceiptWait, 'hashes' | 'confirmations'>) {
  const [head, ...receipts] = await Promise.all([
    readHead(client),
    ...wait.hashes().map((hash) => findReceipt(client, hash)),
  ]);
  const receipt = receipts.find((found) => found !== null) ?? null;
  return { head, receipt, deep: receipt !== null && head.number - receipt.block + 1 >= wait.confirmations };
}
