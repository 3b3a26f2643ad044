import { setTimeout as delay } from 'node:timers/promises';
import type { Address, Hex } from 'viem';
import { addresses } from './addresses.ts';
import { type PoolPrice, routerOrders } from './drive-order.ts';
import { type DrivenPool, describePool, readPoolPrice, routerCall } from './drive-pool.ts';
import { openTraders, type Traders, traderOf } from './drive-traders.ts';
import { type LocalClient, localClient } from './local-client.ts';
import type { MarketBlock } from './market-block.ts';

type DriveOptions = {
  /** HTTP address of an anvil with the contracts of deploy-uniswap.ts and an initialised pool. */
  readonly rpcUrl: string;
  /** marketBlocks(seed) or recordedMarketBlocks(recording). */
  readonly source: Iterable<MarketBlock> | AsyncIterable<MarketBlock>;
  /** By the wall clock; 8 unless told, Infinity as fast as the node mines. A late block delays the rest, never hurries it. */
  readonly blocksPerSecond?: number;
  /** Ends the drive between two blocks. */
  readonly signal?: AbortSignal;
  /** Awaited before anything of a block is sent: hold it until the services are done with the block before. */
  readonly beforeBlock?: (block: MarketBlock) => Promise<void>;
  /** Told, and awaited, after a block is mined. */
  readonly onBlock?: (block: DrivenBlock) => void | Promise<void>;
  /** The USDC/WETH 0.05 % pool at its mainnet address unless told; `weth` must be a WETH9, `usdc` a token anyone may mint. */
  readonly pool?: { readonly pool: Address; readonly usdc: Address; readonly weth: Address };
};

/** A mined block: where the pool stands after it, and what became of the market's swaps. */
export type DrivenBlock = {
  readonly blockNumber: bigint;
  readonly timestampS: number;
  readonly tick: number;
  readonly sqrtPriceX96: bigint;
  /** Swaps that traded. */
  readonly swaps: number;
  /** Swaps that reverted, and their transactions. */
  readonly failed: number;
  readonly failedTransactions: readonly Hex[];
  /** Swaps with nothing to do: an arbitrage that does not pay, a price that was there already. Nothing was sent. */
  readonly idle: number;
  /** Transactions of other people mined in the same block. */
  readonly others: number;
};

export type DriveSummary = {
  readonly blocks: number;
  readonly swaps: number;
  readonly failed: number;
  readonly idle: number;
  /** Seconds added to the source's times, because the chain's clock was already past them. */
  readonly shiftS: number;
  readonly ended: 'source' | 'signal';
};

/**
 * Makes the real pool trade through the real SwapRouter, block by block, until the source ends or the signal stops it.
 *
 * Takes over mining: automatic mining is switched off meanwhile (and on again afterwards, if it was on), each market block
 * becomes one mined block at the source's time, and transactions others have sent are mined along, after the market's.
 * The source's times are kept; when the chain is already past the first of them, all are shifted forward by one constant.
 * @throws when the node refuses a transaction or leaves one out of its block. A swap that reverts is no error: it is
 * counted and reported.
 */
export async function driveMarket(options: DriveOptions): Promise<DriveSummary> {
  const client = localClient(options.rpcUrl);
  const automine = await client.getAutomine();
  await client.setAutomine(false);
  try {
    return await driveBlocks(client, options);
  } finally {
    if (automine) await client.setAutomine(true);
  }
}

async function driveBlocks(client: LocalClient, options: DriveOptions): Promise<DriveSummary> {
  const tokens = options.pool ?? { pool: addresses.usdcWethPool, usdc: addresses.usdc, weth: addresses.weth };
  const pool = await describePool(client, tokens);
  const traders = await openTraders(client, pool);
  const pace = pacer(options.blocksPerSecond ?? 8, options.signal);
  const total = { blocks: 0, swaps: 0, failed: 0, idle: 0, shiftS: 0 };
  for await (const block of options.source) {
    if (options.signal?.aborted || !(await pace())) return { ...total, ended: 'signal' };
    await options.beforeBlock?.(block);
    if (options.signal?.aborted) return { ...total, ended: 'signal' };
    if (total.blocks === 0) total.shiftS = await shiftNeeded(client, block.timestampS);
    // Read again for each block: others may have traded since the last one.
    const price = await readPoolPrice(client, pool);
    const driven = await mineMarketBlock(client, traders, { pool, price, block, shiftS: total.shiftS });
    total.blocks++;
    total.swaps += driven.swaps;
    total.failed += driven.failed;
    total.idle += driven.idle;
    await options.onBlock?.(driven);
  }
  return { ...total, ended: 'source' };
}

async function shiftNeeded(client: LocalClient, firstTimestampS: number): Promise<number> {
  const latestS = Number((await client.getBlock()).timestamp);
  return firstTimestampS > latestS ? 0 : latestS + 12 - firstTimestampS;
}

type BlockWork = {
  readonly pool: DrivenPool;
  readonly price: PoolPrice;
  readonly block: MarketBlock;
  readonly shiftS: number;
};

async function mineMarketBlock(client: LocalClient, traders: Traders, work: BlockWork): Promise<DrivenBlock> {
  const { pool, price, block } = work;
  const orders = routerOrders(block.swaps, price);
  // All at once: nonces and fee caps fix the order in the block, not the order of arrival.
  const [answers] = await Promise.all([
    Promise.all(
      orders.map((order, place) => {
        if (order === undefined) return undefined;
        const trader = traderOf(order, place);
        return traders.send(trader, routerCall(pool, order, trader), place);
      }),
    ),
    client.setNextBlockTimestamp({ timestamp: BigInt(block.timestampS + work.shiftS) }),
  ]);
  await client.mine({ blocks: 1 });
  const sent = answers.filter((hash) => hash !== undefined);
  const [mined, failedTransactions, after] = await Promise.all([
    client.getBlock(),
    revertedOf(client, sent),
    readPoolPrice(client, pool),
  ]);
  return {
    blockNumber: mined.number,
    timestampS: Number(mined.timestamp),
    tick: after.tick,
    sqrtPriceX96: after.sqrtPriceX96,
    swaps: sent.length - failedTransactions.length,
    failed: failedTransactions.length,
    failedTransactions,
    idle: orders.length - sent.length,
    others: mined.transactions.length - sent.length,
  };
}

/** Those of the transactions that reverted in the latest block. Throws when one is not in it at all. */
async function revertedOf(client: LocalClient, sent: readonly Hex[]): Promise<Hex[]> {
  if (sent.length === 0) return [];
  const receipts = await client.getBlockReceipts({ blockTag: 'latest' });
  const statuses = new Map(receipts.map(({ transactionHash, status }) => [transactionHash, status]));
  return sent.filter((hash) => {
    const status = statuses.get(hash);
    if (status !== undefined) return status !== 'success';
    throw new Error(
      `The market's swap ${hash} was not mined with its block: is somebody else mining, or the block full?`,
    );
  });
}

/** Waits until the next block is due; false when the signal ended the wait. */
function pacer(blocksPerSecond: number, signal: AbortSignal | undefined): () => Promise<boolean> {
  const intervalMs = 1_000 / blocksPerSecond;
  let dueMs = performance.now();
  return async () => {
    const waitMs = dueMs - performance.now();
    dueMs = Math.max(dueMs, performance.now()) + intervalMs;
    if (waitMs <= 0) return true;
    return delay(waitMs, true, signal === undefined ? {} : { signal }).catch(() => false);
  };
}
