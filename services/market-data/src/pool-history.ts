import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { readTrades } from './read-trades.ts';
import { dropAbove, putBlock, type SwapHistory, type Trade, tradesUntil, trimBefore } from './swap-history.ts';
import type { WatchedPool } from './watched-pool.ts';

/**
 * A pool's trades of the look-back, kept in memory so that a run costs no reading of a whole day. The listener feeds it
 * block by block; what it cannot know for certain it forgets, and reads again when it is next asked for.
 */
export type PoolHistory = {
  /** All trades of one block. */
  put(block: BlockHeader, trades: readonly Trade[]): void;
  /** Blocks above fell off the chain; null forgets everything. */
  drop(above: number | null): void;
  /** Trades from `sinceS` to the end of `block`, which must be on the chain. Throws ChainError. */
  tradesUntil(block: BlockHeader, sinceS: number): Promise<readonly Trade[]>;
  /** Something is missing in or before the block of this time, and the node does not have it. */
  markGap(timeS: number): void;
  /** Whether nothing is known to be missing among the trades since then. */
  isComplete(sinceS: number): boolean;
};

/** Kept beyond the look-back, so that a window that moves on does not begin before the memory does. */
const MARGIN_S = 600;

export function createPoolHistory(chain: ChainReader, pool: WatchedPool, lookbackS: number): PoolHistory {
  let known: SwapHistory | null = null;
  let loading: Promise<void> | undefined;
  /** What is heard while the node is read is put in afterwards. */
  let heard: ((history: SwapHistory) => SwapHistory | null)[] = [];
  let gapsAtS: readonly number[] = [];

  function change(step: (history: SwapHistory) => SwapHistory | null): void {
    if (loading !== undefined) heard.push(step);
    else if (known !== null) known = step(known);
  }

  async function load(block: BlockHeader): Promise<void> {
    heard = [];
    known = null;
    const read = await readTrades(chain, pool, block.timestampS - lookbackS - MARGIN_S, block);
    gapsAtS = [...gapsAtS.filter((timeS) => timeS >= block.timestampS - lookbackS), ...read.gapsAtS];
    known = heard.reduce<SwapHistory | null>(
      (history, step) => (history === null ? null : step(history)),
      read.history,
    );
  }

  return {
    put: (block, trades) =>
      change((history) => {
        const next = putBlock(history, block.number, trades);
        return next === null ? null : trimBefore(next, block.timestampS - lookbackS - MARGIN_S);
      }),
    drop: (above) => change((history) => (above === null ? null : dropAbove(history, above))),
    async tradesUntil(block, sinceS) {
      await loading;
      if (known === null || known.to < block.number) {
        loading ??= load(block).finally(() => {
          loading = undefined;
        });
        await loading;
      }
      if (known === null || known.to < block.number) {
        throw new Error(`the trades of ${pool.address} changed while they were read; reading again helps`);
      }
      return tradesUntil(known, block.number, sinceS);
    },
    markGap(timeS) {
      gapsAtS = [...gapsAtS, timeS];
    },
    isComplete: (sinceS) => !gapsAtS.some((timeS) => timeS >= sinceS),
  };
}
