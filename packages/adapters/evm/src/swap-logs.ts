import type { Address, Hex } from 'viem';
import { ChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { BURN_TOPIC, decodePoolLogs, MINT_TOPIC, type PoolRow, SWAP_TOPIC, type SwapRow } from './decode-pool-log.ts';
import { readInRanges } from './log-ranges.ts';

type LogQuery = {
  readonly pools: readonly Address[];
  /** First and last block, both included. */
  readonly from: number;
  readonly to: number;
};

/** Swap, Mint or Burn, as the first topic. */
export const POOL_TOPICS = [SWAP_TOPIC, MINT_TOPIC, BURN_TOPIC] as const;

/**
 * Swap, Mint and Burn logs of pools over a range, in order of block and log index. Ranges the node refuses are halved
 * down to one block. Throws ChainError when a single block is refused, or when the answer contradicts itself (two hashes
 * for one block: a reorganisation ran through the reading; reading again helps).
 */
export async function readPoolLogs(chain: ChainReader, query: LogQuery): Promise<PoolRow[]> {
  const rows = await readInRanges(query, ({ from, to }) =>
    requestLogs(chain, { address: query.pools, fromBlock: hexOf(from), toBlock: hexOf(to) }),
  );
  return assertOneHashPerBlock(chain, rows);
}

/** As `readPoolLogs`, swaps of one pool only. */
export async function readSwapLogs(chain: ChainReader, pool: Address, from: number, to: number): Promise<SwapRow[]> {
  const rows = await readPoolLogs(chain, { pools: [pool], from, to });
  return rows.filter((row) => row.kind === 'swap');
}

/** Logs of exactly the block with this hash: a node that does not have that very block refuses instead of answering. */
export async function readPoolLogsOfBlock(
  chain: ChainReader,
  pools: readonly Address[],
  blockHash: Hex,
): Promise<PoolRow[]> {
  return requestLogs(chain, { address: pools, blockHash });
}

async function requestLogs(chain: ChainReader, filter: Readonly<Record<string, unknown>>): Promise<PoolRow[]> {
  const answer = await chain.request('eth_getLogs', [{ ...filter, topics: [POOL_TOPICS] }]);
  try {
    return decodePoolLogs(answer);
  } catch (cause) {
    throw new ChainError(
      'bad-answer',
      chain.name,
      'eth_getLogs answered something that is no list of pool logs',
      cause,
    );
  }
}

function assertOneHashPerBlock(chain: ChainReader, rows: PoolRow[]): PoolRow[] {
  const hashes = new Map<number, Hex>();
  for (const row of rows) {
    const known = hashes.get(row.blockNumber) ?? row.blockHash;
    hashes.set(row.blockNumber, known);
    if (known !== row.blockHash) {
      throw new ChainError('block-gone', chain.name, `block ${row.blockNumber} changed while its logs were read`);
    }
  }
  return rows;
}

function hexOf(number: number): Hex {
  return `0x${number.toString(16)}`;
}
