import { operator } from '@rangeward/localnet/accounts';
import { chainStartS } from '@rangeward/localnet/build-chain';
import { type ChainState, prepareChainState } from '@rangeward/localnet/chain-state';
import { driveMarket } from '@rangeward/localnet/drive-market';
import { marketBlocks } from '@rangeward/localnet/market-model';
import { openAroundPrice } from '@rangeward/localnet/open-around-price';
import { revokeApprovals } from '@rangeward/localnet/open-position';

/** Two hours of trading, so that the first view of the market has something to look at. */
const HISTORY_BLOCKS = 600;
const HISTORY_SEED = 3;
/**
 * Half the width of the position, in ticks: about as many hundredths of a percent. Narrower than what is recommended, so
 * that the price soon leaves it; not so narrow that it earns more outside half the time than a wide one inside.
 */
const HALF_WIDTH_TICKS = 150;

/**
 * The chain that the demo's containers begin with: real contracts, two hours of trading, and the position that is
 * managed, always under the same id because the same transactions come in the same order. Kept in `cacheDir`.
 */
export function prepareDemoChain(cacheDir: string): Promise<ChainState> {
  return prepareChainState({
    cacheDir,
    variant: `demo/approvals-back/${HISTORY_SEED}/${HISTORY_BLOCKS}/${HALF_WIDTH_TICKS}`,
    beforeDump: async (rpcUrl) => {
      await driveMarket({ rpcUrl, source: history(), blocksPerSecond: Number.POSITIVE_INFINITY });
      await openAroundPrice({
        rpcUrl,
        account: operator,
        halfWidthTicks: HALF_WIDTH_TICKS,
        amount0Desired: 60_000_000_000n,
        amount1Desired: 20n * 10n ** 18n,
      });
      await revokeApprovals(rpcUrl, operator);
    },
  });
}

function* history() {
  let left = HISTORY_BLOCKS;
  for (const block of marketBlocks(HISTORY_SEED, { startTimestampS: chainStartS + 12 })) {
    if (left-- === 0) return;
    yield block;
  }
}
