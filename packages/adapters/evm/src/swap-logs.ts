import type { Address, Hex } from 'viem';
import { ChainError, toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { BURN_TOPIC, decodePoolLogs, MINT_TOPIC, type PoolRow, SWAP_TOPIC, type SwapRow } from './decode-pool-log.ts';

export type LogQuery = {
  readonly pools: readonly Address[];
  /** First and last block, both included. */
  readonly from: number;
  readonly to: number;
};

/** Swap, Mint or Burn, as the first topic. */
export const POOL_TOPICS = [SWAP_TOPIC, MINT_TOPIC, BURN_TOPIC] as const;

/** Most blocks asked for at once; a node that refuses gets half as many until it answers. */
const MAX_CHUNK_BLOCKS = 10_000;

/**
 * Swap, Mint and Burn logs of pools over a range, in order of block and log index. Ranges the node refuses are halved
 * down to one block. Throws ChainError when a single block is refused, or when the answer contradicts itself (two hashes
 * for one block: a reorganisation ran through the reading; reading again helps).
 */
export async function readPoolLogs(chain: ChainReader, query: LogQuery): Promise<PoolRow[]> {
  const rows: PoolRow[] = [];
  let chunk = MAX_CHUNK_BLOCKS;
  for (let from = query.from; from <= query.to; ) {
    const to = Math.min(query.to, from + chunk - 1);
    const filter = { address: query.pools, fromBlock: hexOf(from), toBlock: hexOf(to) };
    const answer = await requestLogs(chain, filter).catch((error: ChainError) => {
      if (from === to || !isRangeRefusal(error)) throw error;
      return undefined;
    });
    if (answer === undefined) {
      chunk = Math.max(1, (to - from + 1) >> 1);
      continue;
    }
    rows.push(...answer);
    from = to + 1;
    chunk = Math.min(MAX_CHUNK_BLOCKS, chunk * 2);
  }
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

/** Nodes name their limits in many words, so every refusal and time-out is worth one try with less. */
function isRangeRefusal(error: unknown): boolean {
  const { code } = toChainError('', 'eth_getLogs', error);
  return code === 'refused' || code === 'timeout' || code === 'unreachable';
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
