import { chainStartS } from '@rangeward/localnet/build-chain';
import { driveMarket } from '@rangeward/localnet/drive-market';
import type { MarketBlock } from '@rangeward/localnet/market-block';
import { marketBlocks } from '@rangeward/localnet/market-model';
import { type EmptyBlocks, recordedMarketBlocks } from '@rangeward/localnet/recording-market';
import { readEvents } from '@rangeward/recording/read-events';
import { recordedBlocks } from '@rangeward/recording/recorded-event';

/** Where the local market's blocks come from, and the trading that was there before anybody looks. */
export type MarketSource = {
  readonly blocks: Iterable<MarketBlock> | AsyncIterable<MarketBlock>;
  /** Tells prepared chains apart. */
  readonly variant: string;
  /** Trades the history into a chain that is being prepared. */
  readonly tradeHistory: (rpcUrl: string) => Promise<void>;
};

/** Two hours of trading before the start, so that the first view of the market has something to look at. */
const HISTORY_BLOCKS = 600;

/** A market made by a model: the same seed is the same market, block for block. */
export function modelSource(seed: number): MarketSource {
  const blocks = marketBlocks(seed, { startTimestampS: chainStartS + 12 });
  const history = [...take(blocks, HISTORY_BLOCKS)];
  return {
    blocks,
    variant: `model/${seed}/${HISTORY_BLOCKS}`,
    tradeHistory: async (rpcUrl) => {
      await driveMarket({ rpcUrl, source: history, blocksPerSecond: Number.POSITIVE_INFINITY });
    },
  };
}

/** A market that follows a recorded one, price by price. Throws RecordingError while it is read when the file is malformed. */
export function recordingSource(file: string, emptyBlocks: EmptyBlocks = 'one'): MarketSource {
  return {
    blocks: recordedMarketBlocks(recordedBlocks(readEvents(file)), { emptyBlocks }),
    variant: 'no-history',
    tradeHistory: async () => {},
  };
}

/** Takes without closing: the rest of the generator goes on from there. */
function* take<T>(source: Generator<T, unknown>, count: number): Generator<T> {
  for (let taken = 0; taken < count; taken += 1) {
    const next = source.next();
    if (next.done) return;
    yield next.value;
  }
}
