import { type BlockHeader, readHeader } from '@rangeward/adapter-evm/block-header';
import { ChainError } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readSwapLogs } from '@rangeward/adapter-evm/swap-logs';
import type { SwapHistory } from './swap-history.ts';
import { toTrade } from './to-trade.ts';
import type { WatchedPool } from './watched-pool.ts';

/**
 * Reads a pool's trades from the first block at or after `sinceS` up to `head`, from the node alone. Every log's block
 * hash is compared with the header at its height. Throws ChainError when they differ (reading again helps).
 */
export async function readTrades(
  chain: ChainReader,
  pool: WatchedPool,
  sinceS: number,
  head: BlockHeader,
): Promise<SwapHistory> {
  const from = await firstBlockSince(chain, sinceS, head);
  const rows = await readSwapLogs(chain, pool.address, from, head.number);
  const numbers = [...new Set(rows.map((row) => row.blockNumber))];
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
  return { from, to: head.number, trades };
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
