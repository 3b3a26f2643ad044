import { floorToSpacing, type TickRange } from './tick-grid.ts';

/**
 * What is learnt of a pool's liquidity over price from its events alone. Each swap tells the liquidity of the cell it ended
 * in (a cell is the ticks from one line of the grid to the next). Less what was minted and burned since the beginning, that
 * is the cell's liquidity at the beginning, which never changes: so one visit tells it for all times, before and after.
 */
export type LiquidityMap = {
  readonly tickSpacing: number;
  /** Liquidity at the beginning, by the lowest tick of the cell. */
  readonly atStart: Map<number, bigint>;
  /** What mints and burns since the beginning changed, as the nodes of a Fenwick tree over the cells. */
  readonly changes: Map<number, bigint>;
};

/** A map that knows nothing. */
export function createLiquidityMap(tickSpacing: number): LiquidityMap {
  return { tickSpacing, atStart: new Map(), changes: new Map() };
}

/** Beyond the cells of any pool on either side. */
const OFFSET = 1 << 21;

/** Enters a mint (positive) or burn (negative) of a range. */
export function changeRange(map: LiquidityMap, { tickLower, tickUpper }: TickRange, liquidityDelta: bigint): void {
  changeFrom(map, tickLower, liquidityDelta);
  changeFrom(map, tickUpper, -liquidityDelta);
}

function changeFrom(map: LiquidityMap, tick: number, delta: bigint): void {
  for (let node = tick / map.tickSpacing + OFFSET; node <= OFFSET * 2; node += node & -node) {
    map.changes.set(node, (map.changes.get(node) ?? 0n) + delta);
  }
}

/** What mints and burns so far changed at a tick. */
function changeAt(map: LiquidityMap, tick: number): bigint {
  let sum = 0n;
  for (let node = Math.floor(tick / map.tickSpacing) + OFFSET; node > 0; node -= node & -node) {
    sum += map.changes.get(node) ?? 0n;
  }
  return sum;
}

/** The liquidity that follows at a tick now; undefined where no swap ever ended. */
export function liquidityAt(map: LiquidityMap, tick: number): bigint | undefined {
  const atStart = map.atStart.get(floorToSpacing(tick, map.tickSpacing));
  return atStart === undefined ? undefined : atStart + changeAt(map, tick);
}

/** Learns that this is the liquidity at a tick now. False when it contradicts what was known: then nothing is learnt. */
export function learnLiquidity(map: LiquidityMap, tick: number, liquidity: bigint): boolean {
  const cell = floorToSpacing(tick, map.tickSpacing);
  const atStart = liquidity - changeAt(map, tick);
  const known = map.atStart.get(cell);
  if (known !== undefined) return known === atStart;
  map.atStart.set(cell, atStart);
  return true;
}
