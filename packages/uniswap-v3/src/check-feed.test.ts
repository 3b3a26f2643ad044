import { describe, expect, it } from 'vitest';
import { checkFeed } from './check-feed.ts';
import { burn, mint } from './pool-liquidity.ts';
import type { PoolEvent } from './pool-replay.ts';
import { clonePool, createPool, type Pool } from './pool-state.ts';
import { swap } from './pool-swap.ts';
import { getSqrtRatioAtTick } from './tick-math.ts';

const TERMS = { feePips: 500, tickSpacing: 10 };
const range = (tickLower: number, tickUpper: number, owner = 'old') => ({ owner, tickLower, tickUpper });

/** A pool in mid-life, with a step of liquidity at -200, -100, 0, 100 and 200. */
function startPool(): Pool {
  const pool = createPool({ ...TERMS, sqrtPriceX96: getSqrtRatioAtTick(5) });
  mint(pool, { ...range(-887_270, 887_270), liquidity: 10n ** 18n });
  for (const half of [100, 200]) mint(pool, { ...range(-half, half), liquidity: BigInt(half) * 10n ** 16n });
  return pool;
}

const to = (pool: Pool, tick: number): PoolEvent => {
  const sqrtPriceLimitX96 = getSqrtRatioAtTick(tick) + 1_000n;
  const zeroForOne = sqrtPriceLimitX96 < pool.sqrtPriceX96;
  return { kind: 'swap', ...swap(pool, { zeroForOne, amountSpecified: 1n << 100n, sqrtPriceLimitX96 }) };
};
const mintAt = (pool: Pool, low: number, high: number, liquidity: bigint): PoolEvent => {
  const order = { ...range(low, high, 'new'), liquidity };
  return { kind: 'mint', ...order, ...mint(pool, order) };
};
const burnAt = (pool: Pool, low: number, high: number, liquidity: bigint, owner = 'new'): PoolEvent => {
  const order = { ...range(low, high, owner), liquidity };
  return { kind: 'burn', ...order, ...burn(pool, order) };
};

/** Moves over all steps and back, with mints and burns between. */
function story(pool: Pool): PoolEvent[] {
  return [
    to(pool, 25),
    to(pool, 95),
    to(pool, 105),
    to(pool, 195),
    mintAt(pool, 150, 300, 5n * 10n ** 17n),
    to(pool, 205),
    to(pool, -5),
    burnAt(pool, -100, 100, 10n ** 17n, 'old'),
    to(pool, 12),
    burnAt(pool, 150, 300, 5n * 10n ** 17n),
    to(pool, 203),
    to(pool, 40),
    to(pool, 155),
    to(pool, 106),
    to(pool, 30),
  ];
}

describe('checkFeed', () => {
  const start = startPool();
  const after = clonePool(start);
  const events = story(after);
  const swaps = events.filter(({ kind }) => kind === 'swap').length;

  it('finds nothing wrong in what happened, and leads to the same pool', () => {
    const report = checkFeed(events, clonePool(start));
    expect(report).toMatchObject({ swaps, followed: swaps, telling: 0, unchecked: 0, breaks: [] });
    expect(report.pool).toEqual(after);
  });

  it('learns an unknown pool from its events, and follows it from the second swap on', () => {
    const report = checkFeed(events, TERMS);
    expect(report).toMatchObject({ swaps, followed: swaps - 1, unchecked: 1, breaks: [] });
    const { sqrtPriceX96, tick, liquidity } = after;
    expect(report.pool).toMatchObject({ sqrtPriceX96, tick, liquidity });
    const growth = (pool: Pool | undefined) => (pool?.feeGrowthGlobal1X128 ?? 0n) > 0n;
    expect(growth(report.pool)).toBe(true);
  });

  it.each(events.map((event, index) => [event.kind, index] as const))(
    'names the event after a missing %s (%i), and goes on from there',
    (kind, missing) => {
      const tampered = events.toSpliced(missing, 1);
      for (const known of [clonePool(start), TERMS]) {
        const { breaks } = checkFeed(tampered, known);
        const isLast = missing === events.length - 1;
        const isUnknown = known === TERMS && missing === 0;
        if (isLast || isUnknown) expect(breaks).toEqual([]);
        else expect(breaks.length).toBeGreaterThan(0);
        const [first] = breaks;
        if (first === undefined) continue;
        expect(first.index).toBeGreaterThanOrEqual(kind === 'swap' ? missing : 0);
        expect(first.said).not.toBe(first.follows);
        // One missing swap is one break: what comes later follows again.
        if (kind === 'swap' && known !== TERMS) expect(breaks).toHaveLength(1);
      }
    },
  );

  it('knows everything of a pool whose events begin with its birth', () => {
    const pool = createPool({ ...TERMS, sqrtPriceX96: getSqrtRatioAtTick(5) });
    const birth: PoolEvent = { kind: 'initialize', sqrtPriceX96: pool.sqrtPriceX96, tick: pool.tick };
    const events = [birth, mintAt(pool, -887_270, 887_270, 10n ** 18n), to(pool, 95), to(pool, -40)];
    const report = checkFeed(events, TERMS);
    expect(report).toMatchObject({ followed: report.swaps, telling: 0, unchecked: 0, breaks: [] });
    expect(report.pool).toEqual(pool);
    expect(checkFeed(events.toSpliced(1, 1), TERMS).breaks[0]).toMatchObject({ index: 1 });
  });

  it('names a doubled and an altered event', () => {
    const doubled = checkFeed(events.toSpliced(3, 0, ...events.slice(2, 3)), clonePool(start));
    expect(doubled.breaks).toMatchObject([{ index: 3, kind: 'swap' }]);
    const swapped = events[4];
    const altered = events.with(4, { ...swapped, amount1: 1n } as PoolEvent);
    expect(checkFeed(altered, clonePool(start)).breaks).toMatchObject([
      { index: 4, kind: 'mint', field: 'amount1', said: '1' },
    ]);
  });

  it('finds the liquidity that no swap ended in from the swaps that crossed it', () => {
    const pool = startPool();
    mint(pool, { ...range(50, 60), liquidity: 3n * 10n ** 18n });
    mint(pool, { ...range(70, 80), liquidity: 7n * 10n ** 17n });
    mint(pool, { ...range(80, 90), liquidity: 9n * 10n ** 17n });
    const across = [45, 64, 95, 62, 41, 93].map((tick) => to(pool, tick));
    const report = checkFeed(across, TERMS);
    expect(report).toMatchObject({ swaps: 6, followed: 5, breaks: [] });
    expect(report.telling).toBeGreaterThan(0);
    // And still sees that one is missing.
    expect(checkFeed(across.toSpliced(3, 1), TERMS).breaks.length).toBeGreaterThan(0);
  });

  it('finds a tick whose liquidity is zero net by the step that ends there', () => {
    const pool = startPool();
    for (const low of [40, 50]) mint(pool, { ...range(low, low + 10), liquidity: 123_456_789_012_345_678n });
    const across = [35, 45, 55, 65, 38, 61, 36, 63].map((tick) => to(pool, tick));
    expect(checkFeed(across, TERMS)).toMatchObject({ followed: 7, breaks: [] });
  });

  it('says nothing about a pool that never swapped', () => {
    const pool = startPool();
    const mints = [mintAt(pool, 0, 10, 5n)];
    expect(checkFeed(mints, TERMS)).toEqual({
      ...{ swaps: 0, followed: 0, telling: 0, unchecked: 1, breaks: [] },
      pool: undefined,
    });
  });
});
