import { checkFeed } from '@rangeward/uniswap-v3/check-feed';
import { describe, expect, it } from 'vitest';
import { closedPositions } from './closed-positions.ts';
import { DAY_TERMS, isDayHere, readDay } from './read-day.ts';
import { removeEachSwap } from './remove-swaps.ts';

describe.skipIf(!isDayHere())('a real day of mainnet (only where ../shared/data is)', () => {
  it('follows: each swap from the one before it, each principal from the price, to the wei', async () => {
    const { events } = await readDay();
    const report = checkFeed(events, DAY_TERMS);
    expect(report).toMatchObject({ swaps: 6046, followed: 6045, unchecked: 1, breaks: [] });
    expect(report.telling).toBeLessThan(10);
  });

  it('paid every position that it opened and closed what the replay reckons, NFT or not', async () => {
    const positions = closedPositions(await readDay());
    expect(positions.filter(({ isNft }) => isNft).length).toBe(7);
    expect(positions.filter(({ isNft }) => !isNft).length).toBe(20);
    for (const { name, paid, reckoned } of positions) expect({ name, ...reckoned }).toEqual({ name, ...paid });
    expect(positions.reduce((sum, { paid }) => sum + paid.amount0, 0n)).toBeGreaterThan(3_000_000_000n);
  });

  it('lacks no swap unnoticed, where anything tells of it', async () => {
    const { events } = await readDay();
    // The whole day takes half a minute (`node bench/run.ts real-day`); here its last part, with the end of the day in it.
    const removals = removeEachSwap(events.slice(-700), DAY_TERMS);
    const outcomes = Object.fromEntries(
      [...Map.groupBy(removals, ({ outcome }) => outcome)].map(([outcome, list]) => [outcome, list.length]),
    );
    expect(outcomes).toEqual({ 'nothing before it': 1, found: removals.length - 2, 'nothing after it': 1 });
  });
});
