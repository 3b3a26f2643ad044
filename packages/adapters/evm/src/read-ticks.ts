import type { PoolTick } from '@rangeward/uniswap-v3/pool-state';
import { MAX_TICK, MIN_TICK } from '@rangeward/uniswap-v3/tick-math';
import type { Address, Hex } from 'viem';
import { poolAbi } from './abis.ts';
import type { ChainReader } from './client.ts';

export type TickQuery = {
  readonly pool: Address;
  readonly tickSpacing: number;
  /** Exactly this block, by hash or height. */
  readonly block: { readonly blockHash: Hex } | { readonly blockNumber: bigint };
  /** All ticks unless told; ticks are read by whole words of the bitmap, so some beyond come along. */
  readonly tickLower?: number;
  readonly tickUpper?: number;
};

/** Every initialized tick of a pool at a block, lowest first, in batches of calls. Throws viem's errors. */
export async function readTicks({ client }: ChainReader, query: TickQuery): Promise<[number, PoolTick][]> {
  const { pool, tickSpacing, block, tickLower = MIN_TICK, tickUpper = MAX_TICK } = query;
  const read = { address: pool, abi: poolAbi, ...block } as const;
  const wordOf = (tick: number) => Math.floor(Math.max(MIN_TICK, Math.min(MAX_TICK, tick)) / tickSpacing) >> 8;
  const numbers = Array.from({ length: wordOf(tickUpper) - wordOf(tickLower) + 1 }, (_, at) => wordOf(tickLower) + at);
  const words = await Promise.all(
    numbers.map((word) => client.readContract({ ...read, functionName: 'tickBitmap', args: [word] })),
  );
  const ticks = numbers.flatMap((word, at) => bitsOf(words[at] ?? 0n).map((bit) => (word * 256 + bit) * tickSpacing));
  return Promise.all(
    ticks.map(async (tick): Promise<[number, PoolTick]> => {
      const info = await client.readContract({ ...read, functionName: 'ticks', args: [tick] });
      const [liquidityGross, liquidityNet, feeGrowthOutside0X128, feeGrowthOutside1X128] = info;
      return [tick, { liquidityGross, liquidityNet, feeGrowthOutside0X128, feeGrowthOutside1X128 }];
    }),
  );
}

function bitsOf(word: bigint): number[] {
  if (word === 0n) return [];
  return Array.from({ length: 256 }, (_, bit) => bit).filter((bit) => ((word >> BigInt(bit)) & 1n) === 1n);
}
