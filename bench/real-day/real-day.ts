import { checkFeed } from '@rangeward/uniswap-v3/check-feed';
import { learnPool } from '@rangeward/uniswap-v3/learn-pool';
import { replayEvent } from '@rangeward/uniswap-v3/pool-replay';
import { clonePool } from '@rangeward/uniswap-v3/pool-state';
import type { Bench, Figure } from '../figure.ts';
import { median } from '../statistics.ts';
import { type ClosedPosition, closedPositions } from './closed-positions.ts';
import { DAY_TERMS, type Day, isDayHere, readDay } from './read-day.ts';
import { removeEachSwap } from './remove-swaps.ts';

const ROUNDS = 7;
/** A fee is reckoned right when it is within so many raw units of what the chain paid. */
const TOLERANCE = 10;

export const realDay: Bench = {
  name: 'real-day',
  about:
    'a day of mainnet (../shared/data): does it follow, are its fees reckoned, is a missing swap found; and how fast',
  run: async ({ say }) => {
    if (!isDayHere()) {
      say('left out: there is no ../shared/data beside the project');
      return [];
    }
    const day = await readDay();
    return [...followedFigures(day), ...feeFigures(closedPositions(day), say), ...removalFigures(day, say), speed(day)];
  },
};

function followedFigures({ events }: Day): Figure[] {
  const { swaps, followed, telling, unchecked, breaks } = checkFeed(events, DAY_TERMS);
  const others = events.filter(({ kind }) => kind === 'mint' || kind === 'burn').length;
  const broken = breaks.filter(({ kind }) => kind !== 'swap').length;
  return [
    count('swaps that follow from the one before, to the wei', followed, 'swaps with one before', swaps - unchecked),
    count('  of these, swaps that told ticks nothing else told', telling),
    count('mints and burns whose amounts follow from the price', others - broken, 'mints and burns', others),
    { ...count('breaks without an explanation', breaks.length), goal: none },
  ];
}

function feeFigures(positions: readonly ClosedPosition[], say: (text: string) => void): Figure[] {
  const offBy = ({ paid, reckoned }: ClosedPosition) => {
    const off = [paid.amount0 - reckoned.amount0, paid.amount1 - reckoned.amount1];
    return Math.max(...off.map((by) => Math.abs(Number(by))));
  };
  for (const position of positions) {
    const { name, paid } = position;
    say(`${name}: paid ${paid.amount0} and ${paid.amount1} beyond its principal, reckoned but for ${offBy(position)}`);
  }
  const right = positions.filter((position) => offBy(position) <= TOLERANCE);
  const nfts = positions.filter(({ isNft }) => isNft).length;
  const worst = Math.max(0, ...positions.map(offBy));
  const name = `positions (${nfts} of them NFTs) opened and closed, fees within ${TOLERANCE} raw units`;
  return [
    count(name, right.length, 'such positions', positions.length),
    { ...count('  the worst is off by, raw units', worst), goal: null },
  ];
}

function removalFigures({ events }: Day, say: (text: string) => void): Figure[] {
  say('leaving each swap out in turn, about half a minute');
  const removals = removeEachSwap(events, DAY_TERMS);
  const outcomes = Map.groupBy(removals, ({ outcome }) => outcome);
  const many = (outcome: (typeof removals)[number]['outcome']) => outcomes.get(outcome)?.length ?? 0;
  for (const [outcome, list] of outcomes) say(`${outcome}: ${list.length} of ${removals.length} swaps left out`);
  const impossible = many('nothing before it') + many('nothing after it') + many('price did not move');
  return [
    count('swaps whose absence is found', many('found'), 'swaps that something tells of', removals.length - impossible),
  ];
}

function speed({ events }: Day): Figure {
  const learnt = learnPool(events, DAY_TERMS);
  if (learnt === undefined) throw new Error('the day tells nothing of its pool');
  const rest = events.slice(learnt.firstSwap + 1);
  const swaps = rest.filter(({ kind }) => kind === 'swap').length;
  const perSecond = Array.from({ length: ROUNDS }, () => {
    const pool = clonePool(learnt.pool);
    const beforeMs = performance.now();
    for (const event of rest) {
      // Where the ticks are in doubt an event may not follow; here only the time counts, `checkFeed` is the truth.
      if (replayEvent(pool, event) !== undefined && event.kind === 'swap') {
        const { sqrtPriceX96, tick, liquidity } = event;
        Object.assign(pool, { sqrtPriceX96, tick, liquidity });
      }
    }
    return (swaps * 1000) / (performance.now() - beforeMs);
  });
  const goal = { of: 'value', better: 'more', reach: 100_000, stretch: 300_000 } as const;
  return { name: "exact replay of the day's pool", unit: 'swaps/s', ours: median(perSecond), reference: null, goal };
}

const none = { of: 'value', better: 'less', reach: 0, stretch: 0 } as const;

function count(name: string, ours: number, of?: string, all?: number): Figure {
  if (of === undefined || all === undefined) return { name, unit: '', ours, reference: null, goal: null };
  const goal = { of: 'ratio', better: 'more', reach: 1, stretch: 1 } as const;
  return { name, unit: '', ours, reference: { name: of, value: all }, goal };
}
