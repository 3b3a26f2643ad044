import { type Address, type Hex, keccak256, serializeTransaction } from 'viem';
import { getTransactionCount } from 'viem/actions';
import { findReceipt, latestBlock, type RecordedReceipt } from './receipts.ts';
import type { WalletClient } from './wallet-client.ts';

/** A transaction of the wallet that is in a block. */
export type SentTransaction = {
  readonly hash: Hex;
  /** Its signed bytes; null when it is of a kind that our signer does not make. */
  readonly raw: Hex | null;
  readonly nonce: number;
  /** Lower case; null when it made a contract. */
  readonly to: Address | null;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly receipt: RecordedReceipt;
};

type SentQuery = {
  /** Lower case. */
  readonly wallet: Address;
  /** The block before the first that can hold one. */
  readonly afterBlock: number;
  /** Block time, seconds: when none was found up to then, there is none. */
  readonly firstByS: bigint;
};

/** What nodes answer for a transaction inside a block, as far as it is used. */
type BlockTransaction = {
  readonly hash: Hex;
  readonly from: Address;
  readonly to: Address | null;
  readonly nonce: Hex;
  readonly input: Hex;
  readonly value: Hex;
  readonly type?: Hex;
  readonly chainId?: Hex;
  readonly gas: Hex;
  readonly maxFeePerGas?: Hex;
  readonly maxPriorityFeePerGas?: Hex;
  readonly accessList?: readonly unknown[];
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity?: Hex;
  readonly v?: Hex;
};
type FullBlock = { readonly timestamp: Hex; readonly transactions: readonly BlockTransaction[] };

const BLOCKS_AT_ONCE = 20;

/**
 * The wallet's transactions after a block, by nonce, reverted ones and those without any log too: the blocks themselves are
 * read, up to the wallet's last nonce, so that no old state and no index is needed. Throws when the node does not answer.
 */
export async function readSentTransactions(client: WalletClient, query: SentQuery): Promise<SentTransaction[]> {
  const [head, next, before] = await Promise.all([
    latestBlock(client),
    getTransactionCount(client, { address: query.wallet, blockTag: 'latest' }),
    // Few nodes know the state of an old block; then the blocks themselves tell.
    getTransactionCount(client, { address: query.wallet, blockNumber: BigInt(query.afterBlock) }).catch(() => null),
  ]);
  const found: BlockTransaction[] = [];
  if (before === next) return [];
  for (let from = query.afterBlock + 1; from <= head; from += BLOCKS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(BLOCKS_AT_ONCE, head - from + 1) }, (_, index) => from + index);
    const blocks = await Promise.all(numbers.map((number) => readBlock(client, number)));
    for (const { transactions } of blocks) {
      found.push(...transactions.filter((one) => one.from.toLowerCase() === query.wallet));
    }
    if (found.some(({ nonce }) => Number(nonce) === next - 1)) break;
    if (found.length === 0 && BigInt(blocks.at(-1)?.timestamp ?? 0) > query.firstByS) break;
  }
  const sent = await Promise.all(found.map((one) => withReceipt(client, one)));
  return inWholeOrder(sent, next);
}

/**
 * By nonce. Throws where one between them or the last is missing: then the node has shown less than it knows, and what it
 * left out could be the step that must not be taken twice.
 */
export function inWholeOrder<Sent extends Pick<SentTransaction, 'nonce'>>(
  sent: readonly Sent[],
  nextNonce: number,
): Sent[] {
  const sorted = [...sent].sort((a, b) => a.nonce - b.nonce);
  const first = sorted[0]?.nonce ?? nextNonce;
  const whole = sorted.every(({ nonce }, index) => nonce === first + index);
  if (!whole || first + sorted.length < nextNonce) {
    const shown = sorted.map(({ nonce }) => nonce).join(', ');
    throw new Error(`the node shows transactions with the nonces ${shown}, and ${nextNonce} as the next one`);
  }
  return sorted;
}

async function readBlock(client: WalletClient, number: number): Promise<FullBlock> {
  const params = [`0x${number.toString(16)}`, true];
  // A client without a chain has no table of methods to type this by.
  const block = (await client.request({ method: 'eth_getBlockByNumber', params } as never)) as FullBlock | null;
  if (block === null) throw new Error(`the node has no block ${number}`);
  return block;
}

async function withReceipt(client: WalletClient, one: BlockTransaction): Promise<SentTransaction> {
  const receipt = await findReceipt(client, one.hash);
  if (receipt === null) throw new Error(`the node has ${one.hash} in a block, but no receipt of it`);
  return {
    hash: one.hash,
    raw: rawOf(one),
    nonce: Number(one.nonce),
    // An address in lower case is the same address.
    to: one.to === null ? null : (one.to.toLowerCase() as Address),
    data: one.input,
    valueWei: BigInt(one.value),
    receipt,
  };
}

/** Put together again from its fields; only what hashes to the transaction's own hash are its bytes. */
function rawOf(one: BlockTransaction): Hex | null {
  const { type, chainId, maxFeePerGas, maxPriorityFeePerGas, accessList = [] } = one;
  if (Number(type) !== 2 || chainId === undefined || maxFeePerGas === undefined) return null;
  if (maxPriorityFeePerGas === undefined || accessList.length > 0) return null;
  const raw = serializeTransaction(
    {
      type: 'eip1559',
      chainId: Number(chainId),
      nonce: Number(one.nonce),
      ...(one.to !== null && { to: one.to }),
      data: one.input,
      value: BigInt(one.value),
      gas: BigInt(one.gas),
      maxFeePerGas: BigInt(maxFeePerGas),
      maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
    },
    { r: padded(one.r), s: padded(one.s), yParity: Number(one.yParity ?? one.v ?? 0) },
  );
  return keccak256(raw) === one.hash ? raw : null;
}

/** Nodes leave leading zeros of r and s away. */
function padded(word: Hex): Hex {
  return `0x${word.slice(2).padStart(64, '0')}`;
}
