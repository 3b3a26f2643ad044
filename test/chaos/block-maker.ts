import { setTimeout as pause } from 'node:timers/promises';
import type { LocalClient } from '@rangeward/localnet/local-client';

/** Blocks at a pace of their own, as on a real chain: what is sent waits for the next one. */
export type BlockMaker = {
  /** No blocks until `resume`. */
  stall(): void;
  resume(): void;
  /** Every block from now on asks this much; what offers less waits. */
  setBaseFee(wei: bigint): void;
  stop(): Promise<void>;
};

export const usualBaseFeeWei = 1_000_000_000n;

export function makeBlocks(client: LocalClient, everyMs: number): BlockMaker {
  const ending = new AbortController();
  let stalled = false;
  let baseFeePerGas = usualBaseFeeWei;
  const make = async () => {
    while (!ending.signal.aborted) {
      if (!stalled) {
        // Empty blocks would let the fee fall to nothing within a minute.
        await client.setNextBlockBaseFeePerGas({ baseFeePerGas });
        await client.mine({ blocks: 1 });
      }
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
    stop: async () => {
      ending.abort();
      await making;
    },
  };
}
