import type { RecordedBlock, RecordedEvent } from '@rangeward/recording/recorded-event';
import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { clonePool, createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { swap } from '@rangeward/uniswap-v3/pool-swap';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { describe, expect, it } from 'vitest';
import { findOrders } from './find-orders.ts';
import { usdcWethTerms } from './pool-terms.ts';
import { createReplayedMarket } from './replayed-market.ts';
import { createSimulatedMarket } from './simulated-market.ts';

const START_S = 1_700_000_000;
const START_TICK = 196_000;
const OTHERS = 10n ** 19n;
const HASH = `0x${'ab'.repeat(32)}` as const;
const ADDRESS = `0x${'cd'.repeat(20)}` as const;

function startPool(feeProtocol = 0): Pool {
  const pool = createPool({ feePips: 500, tickSpacing: 10, feeProtocol, sqrtPriceX96: getSqrtRatioAtTick(START_TICK) });
  mint(pool, { owner: 'others', tickLower: -887_270, tickUpper: 887_270, liquidity: OTHERS });
  return pool;
}

/** Swaps there and back, of every asking a router has: exact input, exact output, up to a price. */
function record(start: Pool): RecordedBlock[] {
  const pool = clonePool(start);
  return Array.from({ length: 40 }, (_, at) => {
    const zeroForOne = at % 2 === 0;
    const size = zeroForOne ? 10n ** 11n + BigInt(at) * 7_777n : 33n * 10n ** 18n + BigInt(at) * 12_345n;
    const limit = { sqrtPriceLimitX96: getSqrtRatioAtTick(pool.tick + (zeroForOne ? -25 : 25)) };
    const order =
      at % 3 === 0
        ? { zeroForOne, amountSpecified: size }
        : at % 3 === 1
          ? { zeroForOne, amountSpecified: zeroForOne ? -(10n ** 19n) : -(10n ** 10n) }
          : { zeroForOne, amountSpecified: 1n << 128n, ...limit };
    const place = { blockNumber: 100 + at, timestampS: START_S + 12 * at, transactionIndex: 0, logIndex: 0 };
    const event: RecordedEvent = {
      kind: 'swap',
      ...place,
      transactionHash: HASH,
      sender: ADDRESS,
      recipient: ADDRESS,
      ...swap(pool, order),
    };
    return { blockNumber: place.blockNumber, timestampS: place.timestampS, events: [event] };
  });
}

function marketOf(start: Pool, recorded = record(start)) {
  const { blocks } = findOrders(start, recorded, false);
  const gas = { about: 'none', baseFeeWei: () => 0n, priorityFeeWei: 0n, l1FeeWei: 0n };
  const terms = { ...usdcWethTerms({ stable: 0 }), feeProtocol: start.feeProtocol };
  return createReplayedMarket({ about: 'a day', method: 'whole', terms, start, blocks, gas, answersToUs: false });
}

describe('a recording that is replayed', () => {
  it('comes out as it was recorded to the wei when we are not in it', () => {
    const start = startPool(4 + (4 << 4));
    const recorded = record(start);
    const venue = marketOf(start, recorded).open(START_S - 1);
    venue.advance(START_S + 3600, null);
    const last = recorded.at(-1)?.events[0];
    expect(last).toMatchObject({ kind: 'swap' });
    expect(venue.trades.length).toBe(recorded.length);
    const { sqrtPriceX96, tick, liquidity } = venue.spot();
    expect(last).toMatchObject({ sqrtPriceX96, tick, liquidity });
  });

  it('pays half the fees to a position that is half of the pool, and no more', () => {
    const start = startPool();
    const alone = clonePool(start);
    for (const { events } of record(start)) {
      const [event] = events;
      if (event?.kind === 'swap') {
        const [input, zeroForOne] = event.amount0 > 0n ? [event.amount0, true] : [event.amount1, false];
        swap(alone, { zeroForOne, amountSpecified: input });
      }
    }
    const all0 = Number((alone.feeGrowthGlobal0X128 * OTHERS) >> 128n);
    const all1 = Number((alone.feeGrowthGlobal1X128 * OTHERS) >> 128n);
    const venue = marketOf(start).open(START_S - 1);
    const enough = { amount0: 10n ** 30n, amount1: 10n ** 30n };
    const trial = venue.mint({ tickLower: START_TICK - 2000, tickUpper: START_TICK + 2000 }, enough);
    expect(trial).not.toBeNull();
    venue.close();
    const scale = (amount: bigint) => (amount * OTHERS) / (trial?.liquidity ?? 1n) + 1n;
    const minted = venue.mint(
      { tickLower: START_TICK - 2000, tickUpper: START_TICK + 2000 },
      { amount0: scale(trial?.used.amount0 ?? 0n), amount1: scale(trial?.used.amount1 ?? 0n) },
    );
    expect(Number(minted?.liquidity) / Number(OTHERS)).toBeCloseTo(1, 6);
    venue.advance(START_S + 3600, null);
    const { fees } = venue.position() ?? { fees: { amount0: 0n, amount1: 0n } };
    expect(Number(fees.amount0) / all0).toBeCloseTo(0.5, 2);
    expect(Number(fees.amount1) / all1).toBeCloseTo(0.5, 2);
    expect(Number(fees.amount0)).toBeLessThanOrEqual(all0 * 0.5001);
    expect(Number(fees.amount1)).toBeLessThanOrEqual(all1 * 0.5001);
  });

  it('moves the price less with us in it', () => {
    const start = startPool();
    const recorded = record(start).slice(0, 1);
    const market = marketOf(start, recorded);
    const [without, withUs] = [market.open(START_S - 1), market.open(START_S - 1)];
    withUs.mint(
      { tickLower: START_TICK - 2000, tickUpper: START_TICK + 2000 },
      { amount0: 10n ** 14n, amount1: 10n ** 24n },
    );
    for (const venue of [without, withUs]) venue.advance(START_S, null);
    const moved = (venue: typeof without) => Math.abs(Number(venue.spot().sqrtPriceX96 - start.sqrtPriceX96));
    expect(moved(withUs)).toBeLessThan(moved(without) * 0.9);
    expect(moved(withUs)).toBeGreaterThan(0);
  });

  it('ends before an event that does not follow, and says which', () => {
    const start = startPool();
    const recorded = record(start);
    const { blocks, followed, end } = findOrders(start, recorded.toSpliced(7, 1), false);
    expect(blocks).toHaveLength(7);
    expect(followed).toBe(7);
    expect(end).toContain('block 108');
  });

  it('goes on where ticks are unknown, and ends where the recording ends', () => {
    const start = startPool();
    const recorded = record(start);
    const { blocks, swaps, followed, end } = findOrders(start, recorded.toSpliced(7, 1), true);
    expect({ blocks: blocks.length, swaps, followed, end }).toEqual({ blocks: 39, swaps: 39, followed: 38, end: null });
    const venue = marketOf(start).open(START_S - 1);
    venue.advance(START_S + 3600, null);
    const last = recorded.at(-1)?.events[0];
    expect(last).toMatchObject({ sqrtPriceX96: venue.spot().sqrtPriceX96 });
  });

  it('brings the price back where it was after we sold, and pays less than the price', () => {
    const start = startPool();
    const venue = marketOf(start).open(START_S - 1);
    const before = venue.spot().sqrtPriceX96;
    const out = venue.sell(true, 10n ** 10n);
    expect(venue.spot().sqrtPriceX96).toBe(before);
    const fair = (10n ** 10n * before * before) >> 192n;
    expect(out).toBeLessThan((fair * 9_995n) / 10_000n);
    expect(out).toBeGreaterThan((fair * 9_990n) / 10_000n);
  });
});

describe('a seeded market', () => {
  const open = () => createSimulatedMarket({ regime: 'normal', seed: 5, days: 0.1, warmUpS: 600 });

  it('is the same past for the same seed, and another for another', () => {
    const end = (market = open()) => {
      const venue = market.open(market.firstS + 600);
      venue.advance(market.lastS, null);
      return { spot: venue.spot(), trades: venue.trades.length };
    };
    expect(end()).toEqual(end());
    expect(end(createSimulatedMarket({ regime: 'normal', seed: 6, days: 0.1, warmUpS: 600 }))).not.toEqual(end());
  });

  it('knows nothing of later when it is cut off, and the same of before', () => {
    const market = open();
    const cut = market.firstS + 3000;
    const [whole, known] = [market, market.truncate(cut)].map((one) => {
      const venue = one.open(market.firstS + 600);
      venue.advance(cut, null);
      return venue;
    });
    expect(known?.spot()).toEqual(whole?.spot());
    known?.advance(cut + 6000, null);
    expect(known?.trades.length).toBe(whole?.trades.length);
  });
});

it('leaves providers what the protocol does not take', () => {
  const [none, quarter] = [0, 4].map((protocolPart) => {
    const market = createSimulatedMarket({ regime: 'normal', seed: 5, days: 0.1, warmUpS: 600, protocolPart });
    const venue = market.open(market.firstS + 600);
    const { tick } = venue.spot();
    const center = Math.round(tick / 10) * 10;
    venue.mint({ tickLower: center - 1000, tickUpper: center + 1000 }, { amount0: 10n ** 9n, amount1: 10n ** 18n });
    venue.advance(market.lastS, null);
    return venue.position()?.fees.amount0 ?? 0n;
  });
  expect(none).toBeGreaterThan(0n);
  expect(Number(quarter) / Number(none)).toBeCloseTo(0.75, 3);
});
