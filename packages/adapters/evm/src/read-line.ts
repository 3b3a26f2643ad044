import { type Address, type Hex, numberToHex, padHex, toEventSelector, zeroAddress } from 'viem';
import { assignToPlans } from './assign-to-plans.ts';
import { ChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { SWAP_TOPIC } from './decode-pool-log.ts';
import { type ChainLog, type MinedTransaction, readLogs, readTransactions } from './line-transactions.ts';

/** What is asked: NFTs known to be of one line, of one pool. */
type LineQuery = {
  readonly pool: { readonly address: Address; readonly token0: Address; readonly token1: Address };
  /** At least one; more of the line are found by our plans' markers on the chain. */
  readonly tokenIds: readonly bigint[];
  /** Whose wallet the line's money is in; the owner of its newest NFT unless told. */
  readonly wallet?: Address | undefined;
  /** Transactions of its plans that our own events name, with the plan: reverted ones leave no log that could be searched for. */
  readonly hints: ReadonlyMap<Hex, string>;
  /** The last block that is read. */
  readonly to: number;
};

/** Everything the chain says of a line of NFTs. */
export type ChainLine = {
  readonly wallet: Address;
  /** All NFTs of the line, in the order they were minted. */
  readonly tokenIds: readonly bigint[];
  /** The block of the first mint. */
  readonly from: number;
  readonly to: number;
  /** Every transaction that touched an NFT of the line or was a step of one of its plans, in the order of the chain. */
  readonly transactions: readonly LineTransaction[];
};

/** With the plan of ours that it was a step of; null when it was none. */
export type LineTransaction = MinedTransaction & { readonly planId: string | null };

const TRANSFER = toEventSelector('Transfer(address,address,uint256)');
const APPROVAL = toEventSelector('Approval(address,address,uint256)');
const NFT_TOPICS = [
  toEventSelector('IncreaseLiquidity(uint256,uint128,uint256,uint256)'),
  toEventSelector('DecreaseLiquidity(uint256,uint128,uint256,uint256)'),
  toEventSelector('Collect(uint256,address,uint256,uint256)'),
];
/** How far back one look for a mint goes. */
const LOOK_BACK_BLOCKS = 100_000;

/**
 * Reads a line from the chain alone: every event of its NFTs, and of its wallet whatever carries the marker of a plan that touched
 * one of them: swaps, approvals, and mints of NFTs that nobody told us of. Needs logs and receipts, no old state.
 * Throws ChainError, also when an NFT was never minted.
 */
export async function readLine(chain: ChainReader, query: LineQuery): Promise<ChainLine> {
  const mints = await Promise.all(query.tokenIds.map((id) => findMint(chain, id, query.to)));
  const blocks = { from: Math.min(...mints.map(({ block }) => block)), to: query.to };
  const cache = new Map<Hex, MinedTransaction>();
  const load = (logs: readonly ChainLog[]) =>
    loadTransactions(
      chain,
      cache,
      logs.map(({ txHash }) => txHash),
    );
  let ids = [...new Set(query.tokenIds)];
  const own = await readNftLogs(chain, ids, blocks);
  const wallet = query.wallet ?? walletOf(own, ids);
  const around = await load(await readWalletLogs(chain, query.pool, wallet, blocks));
  const tokens = [query.pool.token0, query.pool.token1];
  let touching = await load(own);
  for (;;) {
    const plans = assignToPlans([...touching, ...around], { wallet, tokens });
    for (const [hash, planId] of query.hints) plans.set(hash, planId);
    const ofLine = new Set(touching.flatMap(({ hash }) => plans.get(hash) ?? []));
    const steps = around.filter(({ hash }) => ofLine.has(plans.get(hash) ?? ''));
    const fresh = steps.flatMap((one) => mintedTo(chain, one, wallet)).filter((id) => !ids.includes(id));
    if (fresh.length === 0) {
      const hinted = await loadTransactions(chain, cache, [...query.hints.keys()]);
      const all = [...touching, ...steps, ...hinted.filter(({ from }) => from === wallet)];
      const transactions = inOrder(all).map((one) => ({ ...one, planId: plans.get(one.hash) ?? null }));
      return { wallet, tokenIds: ids.sort((a, b) => (a < b ? -1 : 1)), ...blocks, transactions };
    }
    ids = [...ids, ...new Set(fresh)];
    touching = [...touching, ...(await load(await readNftLogs(chain, fresh, blocks)))];
  }
}

function inOrder(transactions: readonly MinedTransaction[]): MinedTransaction[] {
  const once = new Map(transactions.map((one) => [one.hash, one]));
  return [...once.values()].sort((a, b) => a.block - b.block || a.index - b.index);
}

/** Looks back from the head, because an NFT that is managed is seldom old. */
async function findMint(chain: ChainReader, tokenId: bigint, head: number): Promise<{ readonly block: number }> {
  const address = chain.known.positionManager;
  const topics = [TRANSFER, wordOf(zeroAddress), null, numberToHex(tokenId, { size: 32 })];
  for (let to = head; to >= 0; to -= LOOK_BACK_BLOCKS) {
    const blocks = { from: Math.max(0, to - LOOK_BACK_BLOCKS + 1), to };
    const [mint] = await readLogs(chain, { address, topics }, blocks);
    if (mint === undefined) continue;
    const [transaction] = await readTransactions(chain, [mint.txHash]);
    if (transaction) return { block: transaction.block };
  }
  throw new ChainError('bad-answer', chain.name, `there is no mint of NFT ${tokenId} on the chain up to block ${head}`);
}

async function readNftLogs(
  chain: ChainReader,
  tokenIds: readonly bigint[],
  blocks: { readonly from: number; readonly to: number },
): Promise<ChainLog[]> {
  const address = chain.known.positionManager;
  const ids = tokenIds.map((id) => numberToHex(id, { size: 32 }));
  const logs = await Promise.all([
    readLogs(chain, { address, topics: [NFT_TOPICS, ids] }, blocks),
    readLogs(chain, { address, topics: [TRANSFER, null, null, ids] }, blocks),
  ]);
  return logs.flat();
}

/** What the wallet did that a plan may have been: swaps in the pool, approvals, mints. */
async function readWalletLogs(
  chain: ChainReader,
  pool: LineQuery['pool'],
  wallet: Address,
  blocks: { readonly from: number; readonly to: number },
): Promise<ChainLog[]> {
  const { positionManager, swapRouter } = chain.known;
  const own = wordOf(wallet);
  const spenders = [positionManager, swapRouter].map(wordOf);
  const tokens = [pool.token0, pool.token1];
  const logs = await Promise.all([
    readLogs(chain, { address: pool.address, topics: [SWAP_TOPIC, null, own] }, blocks),
    readLogs(chain, { address: tokens, topics: [APPROVAL, own, spenders] }, blocks),
    readLogs(chain, { address: positionManager, topics: [TRANSFER, wordOf(zeroAddress), own] }, blocks),
  ]);
  return logs.flat();
}

/** Whoever the newest NFT was minted for, or its owner now when it is the only one: it may have been brought by its owner. */
function walletOf(logs: readonly ChainLog[], ids: readonly bigint[]): Address {
  const newest = ids.toSorted((a, b) => Number(b - a))[0] ?? 0n;
  const topic = numberToHex(newest, { size: 32 });
  const owners = logs
    .filter(({ topics: [kind, , , id] }) => kind === TRANSFER && id === topic)
    .map(({ topics: [, , to] }) => addressOf(to))
    .filter((owner) => owner !== zeroAddress);
  const owner = ids.length > 1 ? owners[0] : owners.at(-1);
  if (owner === undefined) throw new RangeError(`the logs name no owner of NFT ${newest}`);
  return owner;
}

async function loadTransactions(
  chain: ChainReader,
  cache: Map<Hex, MinedTransaction>,
  hashes: readonly Hex[],
): Promise<MinedTransaction[]> {
  const wanted = [...new Set(hashes)];
  const read = await readTransactions(
    chain,
    wanted.filter((hash) => !cache.has(hash)),
  );
  for (const transaction of read) if (transaction) cache.set(transaction.hash, transaction);
  return wanted.map((hash) => cache.get(hash)).filter((one) => one !== undefined);
}

function mintedTo(chain: ChainReader, { logs }: MinedTransaction, wallet: Address): bigint[] {
  const { positionManager } = chain.known;
  return logs.flatMap(({ address, topics: [kind, from, to, id] }) => {
    const minted = address === positionManager && kind === TRANSFER && id !== undefined;
    return minted && addressOf(from) === zeroAddress && addressOf(to) === wallet ? [BigInt(id)] : [];
  });
}

function wordOf(address: Address): Hex {
  return padHex(address, { size: 32 });
}

function addressOf(word: Hex | undefined): Address {
  return `0x${(word ?? '0x').slice(-40)}`;
}
