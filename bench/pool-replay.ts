import { mint } from '@rangeward/uniswap-v3/pool-liquidity';
import { replayEvents, type SwapEvent } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool, createPool, type Pool } from '@rangeward/uniswap-v3/pool-state';
import { swap } from '@rangeward/uniswap-v3/pool-swap';
import { getSqrtRatioAtTick, getTickAtSqrtRatio } from '@rangeward/uniswap-v3/tick-math';
import type { Bench } from './figure.ts';
import { median } from './statistics.ts';

const SWAPS = 30_000;
const ROUNDS = 5;
const START_TICK = 196_250;

export const poolReplay: Bench = {
  name: 'pool-replay',
  about: 'recorded swaps followed to the wei by the whole pool in memory, on one core',
  run: async ({ say }) => {
    const start = startPool();
    const events = trade(clonePool(start), SWAPS);
    const crossing = events.filter((event, index) => event.liquidity !== events[index - 1]?.liquidity).length;
    say(`${SWAPS} swaps over ${start.ticks.size} initialized ticks, ${crossing} of them across one or more`);
    const replayed: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      replayed.push(perSecond(() => replayAll(clonePool(start), events)));
      bare.push(perSecond(() => stepThrough(start.sqrtPriceX96, events)));
    }
    return [
      {
        name: 'exact pool replay',
        unit: 'swaps/s',
        ours: median(replayed),
        reference: { name: 'one bigint step and tick a swap, unchecked', value: median(bare) },
        goal: { of: 'value', better: 'more', reach: 100_000, stretch: 300_000 },
      },
    ];
  },
};

function perSecond(work: () => void): number {
  const beforeMs = performance.now();
  work();
  return (SWAPS * 1000) / (performance.now() - beforeMs);
}

function replayAll(pool: Pool, events: readonly SwapEvent[]): void {
  const result = replayEvents(pool, events);
  if (result.kind === 'diverged') throw new Error(`the replay left the events at ${result.index}: ${result.field}`);
}

/** A pool like USDC/WETH 0.05 %: deep and wide, with many narrower ranges around the price. */
function startPool(): Pool {
  const pool = createPool({ feePips: 500, tickSpacing: 10, sqrtPriceX96: getSqrtRatioAtTick(START_TICK) });
  const random = createRandom(7);
  mint(pool, { owner: 'wide', tickLower: -887_270, tickUpper: 887_270, liquidity: 10n ** 17n });
  for (let index = 0; index < 60; index += 1) {
    const center = Math.round((START_TICK + (random() - 0.5) * 1_500) / 10) * 10;
    const half = 50 + Math.round(random() * 60) * 10;
    const liquidity = BigInt(Math.round((0.2 + random()) * 1e8)) * 10n ** 9n;
    mint(pool, { owner: `lp-${index}`, tickLower: center - half, tickUpper: center + half, liquidity });
  }
  return pool;
}

/** Trades of a hundred to a million dollars, drawn back to where they began, with the events the pool would have logged. */
function trade(pool: Pool, count: number): SwapEvent[] {
  const random = createRandom(11);
  return Array.from({ length: count }, () => {
    const usd = 10 ** (2 + 4 * random() * random());
    const drift = (pool.tick - START_TICK) / 4_000;
    // Token 0 is the dollar: paying it in lowers the tick.
    const zeroForOne = random() < 0.5 + drift;
    const amountSpecified = zeroForOne
      ? BigInt(Math.round(usd * 1e6))
      : BigInt(Math.round((usd / 3_000) * 1e9)) * 10n ** 9n;
    return { kind: 'swap', ...swap(pool, { zeroForOne, amountSpecified }) };
  });
}

const Q96 = 1n << 96n;
const Q128 = 1n << 128n;

/**
 * The least that v3-core's arithmetic asks of a swap, in plain bigint: fee, next price, amount out, fee growth and the
 * tick, at the liquidity of the event; no ticks to look for, nothing checked.
 */
function stepThrough(startX96: bigint, events: readonly SwapEvent[]): bigint {
  let priceX96 = startX96;
  let growthX128 = 0n;
  let sum = 0n;
  for (const { amount0, amount1, liquidity } of events) {
    const amountIn = amount0 > 0n ? amount0 : amount1;
    const feed = (amountIn * 999_500n) / 1_000_000n;
    const nextX96 =
      amount0 > 0n
        ? (liquidity * Q96 * priceX96) / (liquidity * Q96 + feed * priceX96)
        : priceX96 + (feed * Q96) / liquidity;
    sum +=
      amount0 > 0n
        ? (liquidity * (priceX96 - nextX96)) / Q96
        : (liquidity * Q96 * (nextX96 - priceX96)) / nextX96 / priceX96;
    growthX128 += ((amountIn - feed) * Q128) / liquidity;
    priceX96 = nextX96;
    sum += BigInt(getTickAtSqrtRatio(priceX96));
  }
  return sum + growthX128;
}

/** Numbers from 0 to 1, the same ones each time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
