import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { computeSwapOfEvent, type PoolEvent } from './pool-replay.ts';
import { createPool, positionKey } from './pool-state.ts';
import { outcomeOf } from './pool-swap.ts';
import { pricePathFeesRoundingDown } from './price-path-fees.ts';
import { isInRange, type TickRange } from './tick-grid.ts';

// A day of mainnet's USDC/WETH 0.05 % pool, 2024-01-05: no protocol fee was on then. The data stays where it is, beside the project.
const realDay = fileURLToPath(
  new URL('../../../../shared/data/ethereum-usdc-weth-500-2024-01-05.pool-logs.csv', import.meta.url),
);
const POOL = { feePips: 500, tickSpacing: 10 };
const KIND_BY_TOPIC: Record<string, PoolEvent['kind']> = {
  '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67': 'swap',
  '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde': 'mint',
  '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c': 'burn',
  '0x70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0': 'collect',
};

/** The day's events in the chain's order, read from raw topics and data. */
function readEvents(): PoolEvent[] {
  const lines = readFileSync(realDay, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const topics = [...line.matchAll(/'(0x[0-9a-f]{64})'/g)].map((match) => match[1] ?? '');
    const data = /,0x([0-9a-f]+)$/.exec(line.trim())?.[1] ?? '';
    return decode(
      topics,
      [...data.matchAll(/.{64}/g)].map(([word]) => BigInt(`0x${word}`)),
    );
  });
}

function decode(topics: string[], words: bigint[]): PoolEvent {
  const word = (at: number) => words[at] ?? 0n;
  const int24 = (value: bigint) => Number(BigInt.asIntN(24, value));
  const kind = KIND_BY_TOPIC[topics[0] ?? ''];
  if (kind === 'swap') {
    const [amount0, amount1] = [BigInt.asIntN(256, word(0)), BigInt.asIntN(256, word(1))];
    return { kind, amount0, amount1, sqrtPriceX96: word(2), liquidity: word(3), tick: int24(word(4)) };
  }
  const [owner = '', lower = '', upper = ''] = topics.slice(1);
  const place = { owner, tickLower: int24(BigInt(lower)), tickUpper: int24(BigInt(upper)) };
  if (kind === 'mint') return { kind, ...place, liquidity: word(1), amount0: word(2), amount1: word(3) };
  if (kind === 'burn') return { kind, ...place, liquidity: word(0), amount0: word(1), amount1: word(2) };
  if (kind === 'collect') return { kind, ...place, amount0: word(1), amount1: word(2) };
  throw new Error(`unknown topic ${topics[0]}`);
}

type Story = {
  range: TickRange;
  liquidity: bigint;
  /** Where in the price path the liquidity last changed. */
  since: number;
  fees: { amount0: bigint; amount1: bigint };
  paid: { amount0: bigint; amount1: bigint };
  swaps: number;
};

/** Positions opened and closed within the day: what the price path says they earned, and Collect minus Burn. */
function closedPositions(events: PoolEvent[]): Story[] {
  const stories = new Map<string, Story | 'older than the day'>();
  const prices: bigint[] = [];
  for (const event of events) {
    if (event.kind === 'swap') prices.push(event.sqrtPriceX96);
    if (event.kind !== 'mint' && event.kind !== 'burn' && event.kind !== 'collect') continue;
    const key = positionKey(event);
    const fresh: Story | 'older than the day' =
      event.kind === 'mint' && prices.length > 0 ? newStory(event) : 'older than the day';
    const story = stories.get(key) ?? fresh;
    stories.set(key, story);
    if (story === 'older than the day') continue;
    if (event.kind === 'collect') pay(story, event, 1n);
    else {
      settle(story, prices);
      story.liquidity += event.kind === 'mint' ? event.liquidity : -event.liquidity;
      if (event.kind === 'burn') pay(story, event, -1n);
    }
  }
  return [...stories.values()]
    .filter((story) => story !== 'older than the day')
    .filter((story) => story.liquidity === 0n);
}

function newStory(range: TickRange): Story {
  const nothing = () => ({ amount0: 0n, amount1: 0n });
  return { range, liquidity: 0n, since: 0, fees: nothing(), paid: nothing(), swaps: 0 };
}

function pay(story: Story, amounts: { amount0: bigint; amount1: bigint }, sign: bigint): void {
  story.paid.amount0 += sign * amounts.amount0;
  story.paid.amount1 += sign * amounts.amount1;
}

function settle(story: Story, prices: bigint[]): void {
  const { tickLower, tickUpper } = story.range;
  const sqrtPricesX96 = prices.slice(story.since, prices.length);
  const terms = {
    tickLower,
    tickUpper,
    feePips: POOL.feePips,
    feeProtocol: 0,
    liquidity: story.liquidity,
    sqrtPricesX96,
  };
  const earned = pricePathFeesRoundingDown(terms);
  story.fees.amount0 += earned.amount0;
  story.fees.amount1 += earned.amount1;
  if (story.liquidity > 0n) story.swaps += sqrtPricesX96.length - 1;
  story.since = prices.length - 1;
}

describe.skipIf(!existsSync(realDay))('a real day of mainnet (only where ../shared/data is)', () => {
  it('each swap that crossed no tick follows from the one before it, to the wei', () => {
    let before: Extract<PoolEvent, { kind: 'swap' }> | undefined;
    // In-range mints and burns move the liquidity between two swaps; what they do to other ticks does not matter here.
    let liquidity = 0n;
    let followed = 0;
    let crossed = 0;
    for (const event of readEvents()) {
      if (event.kind === 'swap') {
        if (before !== undefined && liquidity === event.liquidity) {
          const { sqrtPriceX96, tick } = before;
          const computed = computeSwapOfEvent(createPool({ ...POOL, sqrtPriceX96, tick, liquidity }), event);
          expect({ kind: 'swap', ...outcomeOf(computed) }).toEqual(event);
          followed++;
        } else crossed++;
        before = event;
        liquidity = event.liquidity;
      } else if (
        (event.kind === 'mint' || event.kind === 'burn') &&
        before !== undefined &&
        isInRange(before.tick, event)
      ) {
        liquidity += event.kind === 'mint' ? event.liquidity : -event.liquidity;
      }
    }
    expect(followed + crossed).toBe(6046);
    expect(followed).toBeGreaterThan(5374);
  });

  it('pays positions opened and closed that day what the price path says, short by its rounding alone', () => {
    const closed = closedPositions(readEvents());
    expect(closed.length).toBeGreaterThanOrEqual(25);
    for (const { fees, paid, swaps } of closed) {
      for (const side of ['amount0', 'amount1'] as const) {
        // The chain rounds the swapper's fee up by less than a wei a step, and floors what it pays once per change.
        expect(paid[side] - fees[side] >= 0n && paid[side] - fees[side] <= 3n + BigInt(swaps) / 10n).toBe(true);
      }
    }
  });
});
