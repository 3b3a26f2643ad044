import {
  ceilToSpacing,
  floorToSpacing,
  isInRange,
  nearestOnGrid,
  type TickRange,
} from '@rangeward/uniswap-v3/tick-grid';
import { holdStill, type Move, type Sight, type Strategy } from './strategy.ts';

/** The strategies that ours has to beat: they look at the tick and at nothing else. */

/** `halfWidthTicks` to each side of the tick, on the grid, at least one spacing each. */
function around(sight: Sight, halfWidthTicks: number): TickRange {
  const { tickSpacing } = sight.terms;
  const half = Math.max(tickSpacing, ceilToSpacing(halfWidthTicks, tickSpacing));
  const center = nearestOnGrid(sight.spot.tick, tickSpacing);
  const lower = Math.min(center - half, floorToSpacing(sight.spot.tick, tickSpacing));
  return { tickLower: lower, tickUpper: lower + 2 * half };
}

function recentre(range: TickRange, reason: string): Move {
  return { ...holdStill(reason), kind: 'rebalance', range, withSwap: true, maxTickDeviation: 100 };
}

/** Sits within tau to each side and begins again around the price the moment it leaves. */
export function tauReset(tauTicks: number): Strategy {
  return {
    name: 'tau-reset',
    about: `${percentOf(tauTicks)} to each side, centred again whenever the price leaves`,
    everyS: null,
    breach: { bufferTicks: 0, rearmBlocks: 1 },
    start: (sight) => around(sight, tauTicks),
    decide: (sight) =>
      sight.position !== null && isInRange(sight.spot.tick, sight.position)
        ? holdStill('the price is in the range')
        : recentre(around(sight, tauTicks), 'the price left the range'),
  };
}

/** Looks every hour, and centres again when the price has used up most of the way to an edge. */
export function fixedWidth(halfWidthTicks: number, everyS = 3600): Strategy {
  const margin = Math.floor(halfWidthTicks / 4);
  return {
    name: 'fixed-width',
    about: `${percentOf(halfWidthTicks)} to each side, looked at every ${everyS / 60} minutes, centred again near an edge`,
    everyS,
    breach: null,
    start: (sight) => around(sight, halfWidthTicks),
    decide: (sight) => {
      const { tick } = sight.spot;
      const inside =
        sight.position === null
          ? Number.NEGATIVE_INFINITY
          : Math.min(tick - sight.position.tickLower, sight.position.tickUpper - 1 - tick);
      if (inside >= margin) return holdStill(`${inside} ticks inside`);
      return recentre(around(sight, halfWidthTicks), `less than ${margin} ticks from an edge`);
    },
  };
}

/** Opens once and never moves. */
export function holdRange(halfWidthTicks: number): Strategy {
  return {
    name: 'hold',
    about: `${percentOf(halfWidthTicks)} to each side of the first price, never moved`,
    everyS: null,
    breach: null,
    start: (sight) => around(sight, halfWidthTicks),
    decide: () => holdStill('it never moves'),
  };
}

function percentOf(ticks: number): string {
  return `${(100 * (1.0001 ** ticks - 1)).toFixed(2)} %`;
}
