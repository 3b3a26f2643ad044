import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import { toChainError } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import type { PoolRow } from '@rangeward/adapter-evm/decode-pool-log';
import { atBlock, readPool } from '@rangeward/adapter-evm/read-pool';
import { readTicks } from '@rangeward/adapter-evm/read-ticks';
import { readPoolLogs } from '@rangeward/adapter-evm/swap-logs';
import { type Divergence, replayEvents } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import type { WatchedPool } from './watched-pool.ts';

/** A block whose rows do not follow from the state before, though they were read again. */
export type FeedGap = {
  /** The last block that is proven, and the one with the row that does not follow. */
  readonly after: number;
  readonly block: BlockHeader;
  /** What does not follow, for a person. */
  readonly what: string;
};

/** What is true of a block's rows of one pool. */
export type ProvenRows =
  | { readonly kind: 'proven'; readonly rows: readonly PoolRow[] }
  /** The state before them is not known: the first block, or one whose state the node does not have. */
  | { readonly kind: 'unproven'; readonly rows: readonly PoolRow[] }
  /** Rows were missing and are here now; those of earlier blocks too, from after this block on. */
  | { readonly kind: 'repaired'; readonly rows: readonly PoolRow[]; readonly after: number }
  | { readonly kind: 'incomplete'; readonly rows: readonly PoolRow[]; readonly gap: FeedGap };

/**
 * Holds a pool's rows against its own state: the first block's end is read from the node, with the ticks around the price;
 * from there on every swap, mint and burn must follow from the one before, to the wei. eth_getLogs at the head may answer
 * with logs missing (go-ethereum issue 26098): then the blocks since the last proven one are read again.
 */
export type FeedProof = {
  /** Rows of the next block; of the same block the same answer. Throws ChainError to be asked again. */
  prove(header: BlockHeader, rows: readonly PoolRow[]): Promise<ProvenRows>;
  /** Blocks above the ancestor fell off the chain. */
  rewind(ancestor: number | null): void;
};

/** How far from the price ticks are read: more than a doubling. Farther away they are read when the price comes there. */
const WINDOW_TICKS = 8_000;
/** Pauses before the node is asked again: its index of logs may lag behind its blocks. */
const PAUSES_MS = [0, 250, 1_000];

type Anchor = { readonly pool: Pool; readonly block: BlockHeader; readonly centre: number };

export function createFeedProof(
  chain: ChainReader,
  watched: WatchedPool,
  wait: (delayMs: number) => Promise<void>,
): FeedProof {
  let anchor: Anchor | undefined;
  /** A block is told again when what was to be done with it failed. */
  let last: { readonly hash: string; readonly proven: ProvenRows } | undefined;

  async function readAnchor(block: BlockHeader, centre?: number): Promise<Anchor> {
    const { address: pool } = watched;
    const reading = await readPool(chain, pool, block, 60);
    const middle = centre ?? reading.tick;
    const window = { tickLower: middle - WINDOW_TICKS, tickUpper: middle + WINDOW_TICKS };
    try {
      const query = { pool, tickSpacing: reading.tickSpacing, block: atBlock(block), ...window };
      const ticks = await readTicks(chain, query);
      return { pool: createPool({ ...reading, ticks, knowsPositions: false }), block, centre: middle };
    } catch (cause) {
      throw toChainError(chain.name, `reading the ticks of ${pool}`, cause);
    }
  }

  /** Undefined when all follow; the pool is moved on then. */
  function follow(from: Anchor, block: BlockHeader, rows: readonly PoolRow[]): Divergence | undefined {
    const pool = clonePool(from.pool);
    const result = replayEvents(pool, rows);
    if (result.kind === 'diverged') return result;
    anchor = { ...from, pool, block };
    return undefined;
  }

  async function readAgain(from: Anchor, header: BlockHeader): Promise<ProvenRows | undefined> {
    const query = { pools: [watched.address], from: from.block.number + 1, to: header.number };
    for (const pauseMs of PAUSES_MS) {
      await wait(pauseMs);
      const all = await readPoolLogs(chain, query);
      if (follow(from, header, all) !== undefined) continue;
      const rows = all.filter(({ blockNumber }) => blockNumber === header.number);
      return { kind: 'repaired', rows, after: from.block.number };
    }
    return undefined;
  }

  /** Begins at the end of a block; where the node has no state of it, the next block is tried. */
  async function begin(header: BlockHeader, rows: readonly PoolRow[]): Promise<ProvenRows> {
    anchor = await readAnchor(header).catch(() => undefined);
    return { kind: 'unproven', rows };
  }

  async function proveNext(header: BlockHeader, rows: readonly PoolRow[]): Promise<ProvenRows> {
    if (anchor === undefined) return begin(header, rows);
    if (rows.length === 0) return { kind: 'proven', rows };
    const { centre, block } = anchor;
    const far = rows.find((row) => row.kind === 'swap' && Math.abs(row.tick - centre) > WINDOW_TICKS);
    const isFar = far?.kind === 'swap';
    const from = isFar ? await readAnchor(block, far.tick).catch(() => undefined) : anchor;
    if (from === undefined) return begin(header, rows);
    const divergence = follow(from, header, rows);
    if (divergence === undefined) return { kind: 'proven', rows };
    const repaired = await readAgain(from, header);
    if (repaired !== undefined) return repaired;
    await begin(header, rows);
    const gap = { after: from.block.number, block: header, what: wordsOf(divergence, rows) };
    return { kind: 'incomplete', rows, gap };
  }

  return {
    async prove(header, rows) {
      if (last?.hash !== header.hash) last = { hash: header.hash, proven: await proveNext(header, rows) };
      return last.proven;
    },
    rewind(ancestor) {
      last = undefined;
      if (ancestor === null || (anchor !== undefined && anchor.block.number > ancestor)) anchor = undefined;
    },
  };
}

function wordsOf({ index, field, said, follows }: Divergence, rows: readonly PoolRow[]): string {
  const row = rows[index];
  return `log ${row?.logIndex} (${row?.kind}) says ${field} ${said}, ${follows} follows from the events before it`;
}
