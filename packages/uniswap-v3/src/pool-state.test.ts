import { describe, expect, it } from 'vitest';
import { Q96 } from './full-math.ts';
import { burn, collect, flash, mint } from './pool-liquidity.ts';
import { clonePool, createPool, maxLiquidityPerTick, type Pool, PoolRevert, setFeeProtocol } from './pool-state.ts';
import { computeSwap, swap } from './pool-swap.ts';
import { usableTicks } from './tick-grid.ts';
import { MAX_SQRT_RATIO, MIN_SQRT_RATIO } from './tick-math.ts';

const FULL = usableTicks(60);
const ONE_TO_TEN = 25054144837504793118641380156n;
const me = 'me';

/** The pool of v3-core's own tests: fee 0.3 %, price 1/10, 3161 liquidity over the full range. */
function poolOfTheSpec(): { pool: Pool; paid: { amount0: bigint; amount1: bigint } } {
  const pool = createPool({ feePips: 3000, tickSpacing: 60, sqrtPriceX96: ONE_TO_TEN });
  return { pool, paid: mint(pool, { owner: me, ...FULL, liquidity: 3161n }) };
}

describe('the vectors of v3-core UniswapV3Pool', () => {
  it('starts at tick -23028 with the liquidity and amounts of the first mint', () => {
    const { pool, paid } = poolOfTheSpec();
    expect(pool.tick).toBe(-23028);
    expect(pool.liquidity).toBe(3161n);
    expect(paid).toEqual({ amount0: 9996n, amount1: 1000n });
  });

  it.each([
    ['above the price', { tickLower: -22980, tickUpper: 0 }, 10000n, 21549n, 0n],
    [
      'at the top with the most leverage',
      { tickLower: FULL.tickUpper - 60, tickUpper: FULL.tickUpper },
      1n << 102n,
      828011525n,
      0n,
    ],
    ['over the full range', FULL, 10000n, 31623n, 3163n],
    ['below the price', { tickLower: -46080, tickUpper: -23040 }, 10000n, 0n, 2162n],
    [
      'at the bottom with the most leverage',
      { tickLower: FULL.tickLower, tickUpper: FULL.tickLower + 60 },
      1n << 102n,
      0n,
      828011520n,
    ],
    ['around the price', { tickLower: FULL.tickLower + 60, tickUpper: FULL.tickUpper - 60 }, 100n, 317n, 32n],
  ])('mints %s', (_name, range, liquidity, amount0, amount1) => {
    expect(mint(poolOfTheSpec().pool, { owner: 'other', ...range, liquidity })).toEqual({ amount0, amount1 });
  });

  it('takes a sixth of the fee for the protocol', () => {
    const pool = createPool({ feePips: 3000, tickSpacing: 60, sqrtPriceX96: Q96 });
    setFeeProtocol(pool, 6, 6);
    mint(pool, { owner: me, ...FULL, liquidity: 10n ** 18n });
    swap(pool, { zeroForOne: true, amountSpecified: 10n ** 17n });
    swap(pool, { zeroForOne: false, amountSpecified: 10n ** 16n });
    expect([pool.protocolFees0, pool.protocolFees1]).toEqual([50000000000000n, 5000000000000n]);
  });

  it('assumes that growth before a tick was initialized happened below it, its own tick included', () => {
    const pool = createPool({ feePips: 3000, tickSpacing: 60, sqrtPriceX96: Q96 });
    mint(pool, { owner: me, ...FULL, liquidity: 1n << 64n });
    flash(pool, { paid0: 1000n, paid1: 7n });
    mint(pool, { owner: me, tickLower: -60, tickUpper: 0, liquidity: 1n });
    mint(pool, { owner: me, tickLower: 0, tickUpper: 60, liquidity: 1n });
    const outside = (tick: number) => {
      const info = pool.ticks.get(tick);
      return [info?.feeGrowthOutside0X128, info?.feeGrowthOutside1X128];
    };
    expect([outside(-60), outside(0), outside(60)]).toEqual([
      [1000n << 64n, 7n << 64n],
      [1000n << 64n, 7n << 64n],
      [0n, 0n],
    ]);
  });

  it('knows the most liquidity per tick', () => {
    expect([10, 60, 200].map(maxLiquidityPerTick)).toEqual([
      1917569901783203986719870431555990n,
      11505743598341114571880798222544994n,
      38350317471085141830651933667504588n,
    ]);
  });
});

describe('what the pool refuses, changing nothing', () => {
  const refused: [string, (pool: Pool) => unknown][] = [
    ['AS', (pool) => swap(pool, { zeroForOne: true, amountSpecified: 0n })],
    ['SPL', (pool) => swap(pool, { zeroForOne: true, amountSpecified: 1n, sqrtPriceLimitX96: pool.sqrtPriceX96 })],
    ['SPL', (pool) => swap(pool, { zeroForOne: true, amountSpecified: 1n, sqrtPriceLimitX96: MIN_SQRT_RATIO })],
    ['SPL', (pool) => swap(pool, { zeroForOne: false, amountSpecified: 1n, sqrtPriceLimitX96: MAX_SQRT_RATIO })],
    ['TLU', (pool) => mint(pool, { owner: me, tickLower: 60, tickUpper: 0, liquidity: 1n })],
    ['TLM', (pool) => mint(pool, { owner: me, tickLower: -887280, tickUpper: 0, liquidity: 1n })],
    ['TUM', (pool) => mint(pool, { owner: me, tickLower: 0, tickUpper: 887280, liquidity: 1n })],
    ['flipTick', (pool) => mint(pool, { owner: me, tickLower: 1, tickUpper: 61, liquidity: 1n })],
    ['LO', (pool) => mint(pool, { owner: me, ...FULL, liquidity: maxLiquidityPerTick(60) })],
    ['mint', (pool) => mint(pool, { owner: me, ...FULL, liquidity: 0n })],
    ['NP', (pool) => burn(pool, { owner: 'nobody', ...FULL, liquidity: 0n })],
    ['LS', (pool) => burn(pool, { owner: me, ...FULL, liquidity: 3162n })],
    ['burn', (pool) => burn(pool, { owner: me, ...FULL, liquidity: -1n })],
    ['setFeeProtocol', (pool) => setFeeProtocol(pool, 3, 4)],
  ];
  it.each(refused)('%s', (reason, act) => {
    const { pool } = poolOfTheSpec();
    const before = clonePool(pool);
    expect(() => act(pool)).toThrow(expect.objectContaining({ name: 'PoolRevert', reason }));
    expect(pool).toEqual(before);
  });

  it('lends nothing without liquidity', () => {
    const empty = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: Q96 });
    expect(() => flash(empty, { paid0: 1n, paid1: 0n })).toThrow(PoolRevert);
  });
});

describe('computeSwap and collect', () => {
  it('quotes without changing anything', () => {
    const { pool } = poolOfTheSpec();
    const before = clonePool(pool);
    const quote = computeSwap(pool, { zeroForOne: true, amountSpecified: 1000n });
    expect(pool).toEqual(before);
    expect(swap(pool, { zeroForOne: true, amountSpecified: 1000n })).toMatchObject({
      amount0: quote.amount0,
      amount1: quote.amount1,
    });
    expect(collect(pool, { owner: 'nobody', ...FULL })).toEqual({ amount0: 0n, amount1: 0n });
  });
});
