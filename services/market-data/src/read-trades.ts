import { type BlockHeader, readHeader } from '@rangeward/adapter-evm/block-header';
import { ChainError } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readPool } from '@rangeward/adapter-evm/read-pool';
import { readPoolLogs } from '@rangeward/adapter-evm/swap-logs';
import { blocksThatDoNotFollow } from './check-rows.ts';
import type { SwapHistory } from './swap-history.ts';
import { toTrade } from './to-trade.ts';
import type { WatchedPool } from './watched-pool.ts';

/** A look-back, and the times of blocks whose rows do not follow from the ones before them: there something is missing. */
export type ReadTrades = { readonly history: SwapHistory; readonly gapsAtS: readonly number[] };

/**
 * Reads a pool's trades from the first block at or after `sinceS` up to `head`, from the node alone. Every log's block
 * hash is compared with the header at its height, every swap with the one before it. Throws ChainError when the chain
 * changed meanwhile (reading again helps).
 */
export async function readTrades(
  chain: ChainReader,
  pool: WatchedPool,
  sinceS: number,
  head: BlockHeader,
): Promise<ReadTrades> {
  const from = await firstBlockSince(chain, sinceS, head);
  const { rows: all, gaps } = await readWholeRows(chain, pool, from, head);
  const rows = all.filter((row) => row.kind === 'swap');
  const numbers = [...new Set([...rows.map((row) => row.blockNumber), ...gaps])];
  const headers = await Promise.all(numbers.map((number) => readHeader(chain, number)));
  const byNumber = new Map(headers.map((header) => [header.number, header]));
  const trades = rows.map((row) => {
    const header = byNumber.get(row.blockNumber);
    if (header === undefined || header.hash !== row.blockHash) {
      throw new ChainError('block-gone', chain.name, `block ${row.blockNumber} changed while its swaps were read`);
    }
    return toTrade(pool, row, header.timestampS);
  });
  const last = await readHeader(chain, head.number);
  if (last.hash !== head.hash) {
    throw new ChainError('block-gone', chain.name, `block ${head.number} changed while swaps were read`);
  }
  const gapsAtS = gaps.map((number) => byNumber.get(number)?.timestampS ?? head.timestampS);
  return { history: { from, to: head.number, trades }, gapsAtS };
}

/** Rows of a range, read again while something in it does not follow, and the blocks where something still does not. */
async function readWholeRows(chain: ChainReader, pool: WatchedPool, from: number, head: BlockHeader) {
  const terms = await readPool(chain, pool.address, head, 60);
  const query = { pools: [pool.address], from, to: head.number };
  let rows = await readPoolLogs(chain, query);
  let gaps = await blocksThatDoNotFollow(rows, terms);
  for (let again = 0; gaps.length > 0 && again < 2; again++) {
    rows = await readPoolLogs(chain, query);
    gaps = await blocksThatDoNotFollow(rows, terms);
  }
  return { rows, gaps };
}

/** Block times rise strictly, so halving finds the first block whose time is not before `sinceS`. */
async function firstBlockSince(chain: ChainReader, sinceS: number, head: BlockHeader): Promise<number> {
  let low = 0;
  let high = head.number;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await readHeader(chain, middle)).timestampS < sinceS) low = middle + 1;
    else high = middle;
  }
  return low;
}
