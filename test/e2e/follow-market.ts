import { type DriveSummary, driveMarket } from '@rangeward/localnet/drive-market';
import { localClient } from '@rangeward/localnet/local-client';
import type { MarketBlock } from '@rangeward/localnet/market-block';
import type { LocalSystem } from './local-system.ts';

/**
 * Trades a market block by block; between two blocks the services finish what the first one woke, as they would in the
 * twelve seconds of a real block. What the executor sends meanwhile is mined at once. Ends with the source, or when
 * `enough` says so.
 */
export async function followMarket(
  system: LocalSystem,
  source: Iterable<MarketBlock> | AsyncIterable<MarketBlock>,
  enough: () => boolean = () => false,
): Promise<DriveSummary> {
  const { rpcUrl } = system.world.chain;
  const client = localClient(rpcUrl);
  const stop = new AbortController();
  return driveMarket({
    rpcUrl,
    source,
    blocksPerSecond: Number.POSITIVE_INFINITY,
    signal: stop.signal,
    beforeBlock: async () => {
      await system.untilQuiet();
      if (enough()) stop.abort();
      await client.setAutomine(false);
    },
    onBlock: async ({ blockNumber, swaps }) => {
      await client.setAutomine(true);
      if (swaps === 0) return;
      const number = Number(blockNumber);
      await system.until(
        `the tick of block ${number}`,
        ({ name }, { data }) => name === 'tick' && (data as { block: { number: number } }).block.number === number,
      );
    },
  });
}
