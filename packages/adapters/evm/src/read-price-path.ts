import { type Address, decodeAbiParameters, toEventSelector } from 'viem';
import { ChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { readLogs } from './line-transactions.ts';
import { readSwapLogs } from './swap-logs.ts';

/** The pool's price from one log on: after every log that stands before it, until the next point. */
export type PricePoint = { readonly block: number; readonly logIndex: number; readonly sqrtPriceX96: bigint };

const INITIALIZE = toEventSelector('Initialize(uint160,int24)');

/**
 * Every price the pool has had in blocks `from` to `to`, both included, in order. The first point is the price that stood
 * before them. From logs alone, so that no old state is needed; takes as long as the pool has swaps. Throws ChainError.
 */
export async function readPricePath(
  chain: ChainReader,
  pool: Address,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<PricePoint[]> {
  const [before, swaps] = await Promise.all([priceBefore(chain, pool, from), readSwapLogs(chain, pool, from, to)]);
  const points = swaps.map(({ blockNumber, logIndex, sqrtPriceX96 }) => ({
    block: blockNumber,
    logIndex,
    sqrtPriceX96,
  }));
  return [{ block: from, logIndex: -1, sqrtPriceX96: before }, ...points];
}

/** Of the last swap before the block, looked for further and further back; of the pool's beginning when there was none. */
async function priceBefore(chain: ChainReader, pool: Address, block: number): Promise<bigint> {
  let span = 100;
  for (let to = block - 1; to >= 0; to -= span, span *= 4) {
    const swaps = await readSwapLogs(chain, pool, Math.max(0, to - span + 1), to);
    const last = swaps.at(-1);
    if (last !== undefined) return last.sqrtPriceX96;
  }
  // The pool may have been made in the very block that is asked for.
  const [log] = await readLogs(chain, { address: pool, topics: [INITIALIZE] }, { from: 0, to: block });
  if (log === undefined)
    throw new ChainError('bad-answer', chain.name, `pool ${pool} has neither a swap nor a beginning before ${block}`);
  return decodeAbiParameters([{ type: 'uint160' }, { type: 'int24' }], log.data)[0];
}
