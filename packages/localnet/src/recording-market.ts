import type { RecordedBlock, RecordedSwap } from '@rangeward/recording/recorded-event';
import type { MarketBlock } from './market-block.ts';

/**
 * What becomes of the blocks in which the recorded pool did not trade: `skip` leaves them out (time jumps), `one` keeps a
 * single empty block per gap, `all` keeps every one, with times spread evenly.
 */
export type EmptyBlocks = 'skip' | 'one' | 'all';

/**
 * A recording as market blocks: each recorded swap becomes one that ends at exactly the recorded price; mints, burns and
 * collects are left out, because the local pool has liquidity of its own. Times are the recorded ones. A first block,
 * twelve seconds before the recording, holds the one swap that brings the pool to where the recording begins.
 */
export async function* recordedMarketBlocks(
  blocks: AsyncIterable<RecordedBlock>,
  options: { readonly emptyBlocks?: EmptyBlocks } = {},
): AsyncGenerator<MarketBlock> {
  let before: RecordedBlock | undefined;
  for await (const block of blocks) {
    const swaps = block.events.filter((event) => event.kind === 'swap');
    const [first] = swaps;
    if (first === undefined) continue;
    if (before === undefined) {
      const opening = { kind: 'to-price', sqrtPriceX96: priceBefore(first) } as const;
      yield { timestampS: block.timestampS - 12, swaps: [opening] };
    } else {
      yield* emptyBlocksBetween(before, block, options.emptyBlocks ?? 'skip');
    }
    const prices = swaps.map(({ sqrtPriceX96 }) => ({ kind: 'to-price', sqrtPriceX96 }) as const);
    yield { timestampS: block.timestampS, swaps: prices };
    before = block;
  }
}

/**
 * The price before a swap, from its event: token1 moves the root price by amount1 / liquidity, less the fee (0.05 %) on what
 * comes in. Right to some units when no tick was crossed. A swap that ended in thin liquidity gives nonsense; then the
 * recording begins at the price after it.
 */
function priceBefore({ amount1, liquidity, sqrtPriceX96 }: RecordedSwap): bigint {
  if (liquidity === 0n) return sqrtPriceX96;
  const netAmount1 = amount1 > 0n ? (amount1 * 9_995n) / 10_000n : amount1;
  const move = (netAmount1 << 96n) / liquidity;
  const size = move < 0n ? -move : move;
  return size * 50n > sqrtPriceX96 ? sqrtPriceX96 : sqrtPriceX96 - move;
}

function* emptyBlocksBetween(before: RecordedBlock, after: RecordedBlock, keep: EmptyBlocks): Generator<MarketBlock> {
  const missing = after.blockNumber - before.blockNumber - 1;
  const kept = keep === 'all' ? missing : keep === 'one' ? Math.min(1, missing) : 0;
  const gapS = after.timestampS - before.timestampS;
  for (let i = 1; i <= kept; i++) {
    yield { timestampS: before.timestampS + Math.floor((gapS * i) / (kept + 1)), swaps: [] };
  }
}
