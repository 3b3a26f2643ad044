import type { Anvil } from '@rangeward/localnet/anvil';
import type { LocalClient } from '@rangeward/localnet/local-client';
import { clonePool, PoolRevert } from '@rangeward/uniswap-v3/pool-state';
import { computeSwap, type SwapOrder } from '@rangeward/uniswap-v3/pool-swap';
import { usableTicks } from '@rangeward/uniswap-v3/tick-grid';
import {
  getSqrtRatioAtTick,
  MAX_SQRT_RATIO,
  MAX_TICK,
  MIN_SQRT_RATIO,
  MIN_TICK,
} from '@rangeward/uniswap-v3/tick-math';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMarket, openRange, switchProtocolFee, tradeOne } from './chain-market.ts';
import { compareStorage } from './compare-storage.ts';
import { startUniswapChain } from './uniswap-chain.ts';

// The corners where pools differ: every tier, prices at both ends, liquidity with a hole, on one side only, or so narrow that
// a swap leaves it; small and large, exact input, exact output, to a price. Each against the real contracts, to the wei.

const tiers = [
  [100, 1],
  [500, 10],
  [3000, 60],
  [10_000, 200],
] as const;
type Ranges = (spacing: number, tick: number) => readonly (readonly [number, number])[];
const wide: Ranges = (spacing) => {
  const { tickLower, tickUpper } = usableTicks(spacing);
  return [[tickLower, tickUpper]];
};
const places: readonly (readonly [string, number, Ranges])[] = [
  ['one to one', 0, wide],
  ['ten to one', 23_027, wide],
  ['one to ten', -23_028, wide],
  ['near the highest price', 880_340, wide],
  ['near the lowest price', -880_341, wide],
  ['at the highest price', MAX_TICK - 1, wide],
  ['at the lowest price', MIN_TICK, wide],
  [
    'a hole around the price',
    0,
    (spacing) => [
      [usableTicks(spacing).tickLower, -spacing],
      [spacing, usableTicks(spacing).tickUpper],
    ],
  ],
  [
    'more beside the price',
    0,
    (spacing) => [...wide(spacing, 0), [usableTicks(spacing).tickLower, -spacing], [spacing, 600 * spacing]],
  ],
  ['a narrow range alone', 0, (spacing) => [[-spacing, spacing]]],
  ['token 0 alone', -1, (spacing) => [[0, 2000 * spacing]]],
  ['token 1 alone', 1, (spacing) => [[-2000 * spacing, 0]]],
];
const cases = places.map(([name, tick, ranges], at) => {
  // A swap over the whole scale in words of 256 single ticks does not fit a block: there the finest tier is left out.
  const [fee, spacing] = tiers[Math.abs(tick) > 100_000 ? 1 + (at % 3) : at % 4]!;
  return { name: `${name}, ${fee / 10_000} %`, tick, ranges, fee, spacing, feeProtocol: [0, 0x44, 0xa6][at % 3]! };
});

const E18 = 10n ** 18n;
const to = (tick: number) => getSqrtRatioAtTick(tick);
// Without a limit of its own the router refuses an output that is not whole; the pool does not.
const furthest = (zeroForOne: boolean) => (zeroForOne ? MIN_SQRT_RATIO + 1n : MAX_SQRT_RATIO - 1n);
const orders: readonly SwapOrder[] = [true, false].flatMap((zeroForOne) => [
  ...[E18, -E18, 1_000n, -1_000n, 1n, -1n].map((amountSpecified) => {
    return { zeroForOne, amountSpecified, sqrtPriceLimitX96: furthest(zeroForOne) };
  }),
  ...[9_163, -9_164].map((tick) => ({ zeroForOne, amountSpecified: 1n << 180n, sqrtPriceLimitX96: to(tick) })),
  { zeroForOne, amountSpecified: -(1n << 120n), sqrtPriceLimitX96: to(zeroForOne ? MIN_TICK + 1 : MAX_TICK - 1) },
]);

describe('the corners of pools against the real contracts', () => {
  let anvil: Anvil;
  let client: LocalClient;
  beforeAll(async () => {
    ({ anvil, client } = await startUniswapChain());
  });
  afterAll(() => anvil?.stop());

  it.each(cases)('$name: every swap and all storage after it', async (kind) => {
    const start = await openMarket(client, { ...kind, decimals: [18, 18] }, 1);
    await switchProtocolFee(start, kind.feeProtocol);
    for (const [tickLower, tickUpper] of kind.ranges(kind.spacing, kind.tick)) {
      // Of the token that is worth most at an end of the scale little is enough, and more would not fit 128 bits.
      const [amount0, amount1] = [kind.tick > 100_000 ? 50n : 90n, kind.tick < -100_000 ? 50n : 90n];
      await openRange(start, { tickLower, tickUpper }, 1n << amount0, 1n << amount1);
    }
    let carriedOut = 0;
    for (const order of orders) {
      const id = await client.snapshot();
      const market = { ...start, pool: clonePool(start.pool), follower: clonePool(start.follower) };
      const isTaken = await tradeOne(market, order);
      expect({ order, isTaken }).toEqual({ order, isTaken: isPossible(start.pool, order) });
      if (isTaken) {
        await compareStorage(client, market.address, market.pool);
        expect(market.follower).toEqual(market.pool);
        carriedOut++;
      }
      await client.revert({ id });
    }
    expect(carriedOut).toBeGreaterThan(2);
  });
});

/** Whether pool and router take it: the pool's own refusals, and the router's of a swap that nobody pays for. */
function isPossible(pool: Parameters<typeof computeSwap>[0], order: SwapOrder): boolean {
  try {
    const { amount0, amount1 } = computeSwap(pool, order);
    return amount0 > 0n || amount1 > 0n;
  } catch (error) {
    if (error instanceof PoolRevert) return false;
    throw error;
  }
}
