import { setTimeout as pause } from 'node:timers/promises';
import type { LocalClient } from '@rangeward/localnet/local-client';

/** Blocks at a pace of their own, as on a real chain: what is sent waits for the next one. */
export type BlockMaker = {
  /** No blocks until `resume`. */
  stall(): void;
  resume(): void;
  /** Every block from now on asks this much; what offers less waits. */
  setBaseFee(wei: bigint): void;
  /** Replaces the last blocks by empty ones of the same heights; what was in them is not in the pool again. */
  reorganise(depth: number): Promise<void>;
  stop(): Promise<void>;
};

export const usualBaseFeeWei = 1_000_000_000n;

export function makeBlocks(client: LocalClient, everyMs: number): BlockMaker {
  const ending = new AbortController();
  let stalled = false;
  let baseFeePerGas = usualBaseFeeWei;
  // One after the other: a block that is made in the middle of a reorganisation leaves anvil with a hole.
  let turn = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    const done = turn.then(act);
    turn = done.catch(() => {});
    return done;
  };
  const makeOne = async () => {
    // Empty blocks would let the fee fall to nothing within a minute.
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas });
    await client.mine({ blocks: 1 });
  };
  const make = async () => {
    while (!ending.signal.aborted) {
      if (!stalled) await inTurn(makeOne);
      await pause(everyMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const making = make();
  return {
    stall: () => {
      stalled = true;
    },
    resume: () => {
      stalled = false;
    },
    setBaseFee: (wei) => {
      baseFeePerGas = wei;
    },
    reorganise: (depth) =>
      // viem types anvil's calls but not this one.
      inTurn(async () => void (await client.request({ method: 'anvil_reorg', params: [depth, []] } as never))),
    stop: async () => {
      ending.abort();
      await making;
    },
  };
}
