import { abs } from './full-math.ts';
import { changeRange, createLiquidityMap, type LiquidityMap, learnLiquidity } from './liquidity-map.ts';
import type { PoolEvent } from './pool-replay.ts';
import { createPool, type Pool, type PoolTick } from './pool-state.ts';

/** What must be known of a pool whose state before its events is not. */
export type PoolTerms = {
  readonly feePips: number;
  readonly tickSpacing: number;
  /** slot0's byte; 0 unless told. It matters to fee growth alone, not to whether swaps follow. */
  readonly feeProtocol?: number;
};

/** A pool as its own events tell it. */
export type LearntPool = {
  /** At the beginning of the events, but with the price of the first swap's end: only fee growth from there on is right. */
  readonly pool: Pool;
  /** The first swap's place among the events; what follows it can be replayed. */
  readonly firstSwap: number;
  /** Where no swap ever ended; one may have crossed it. */
  readonly gaps: readonly Gap[];
};

/** Neighbouring cells of unknown liquidity; all liquidity as at the beginning of the events. */
export type Gap = {
  /** Lowest tick of the first cell. */
  readonly firstCell: number;
  /** The known liquidity below and above the gap. */
  readonly before: bigint;
  readonly after: bigint;
  /** What the pool's ticks now say of each cell. */
  readonly levels: readonly bigint[];
  /** Whether a swap told so. */
  readonly isTold: boolean;
};

/**
 * Learns a pool's ticks from its events: swaps tell the liquidity where they end, mints and burns how it changes. Undefined
 * when there is no swap. Fee growth begins at zero everywhere, which leaves every difference right; positions older than
 * the events are unknown. In a gap the liquidity is taken to change at its lowest tick.
 */
export function learnPool(events: readonly PoolEvent[], terms: PoolTerms): LearntPool | undefined {
  const firstSwap = events.findIndex(({ kind }) => kind === 'swap');
  const first = events[firstSwap];
  if (first?.kind !== 'swap') return undefined;
  const map = createLiquidityMap(terms.tickSpacing);
  let changeBeforeFirst = 0n;
  events.forEach((event, index) => {
    if (event.kind === 'swap') learnLiquidity(map, event.tick, event.liquidity);
    if (event.kind !== 'mint' && event.kind !== 'burn') return;
    const delta = event.kind === 'mint' ? event.liquidity : -event.liquidity;
    changeRange(map, event, delta);
    if (index < firstSwap && event.tickLower <= first.tick && first.tick < event.tickUpper) changeBeforeFirst += delta;
  });
  const { nets, gaps } = netsOf(map);
  const pool = createPool({
    ...terms,
    sqrtPriceX96: first.sqrtPriceX96,
    tick: first.tick,
    liquidity: first.liquidity - changeBeforeFirst,
    ticks: withLeastGross(nets, events),
    knowsPositions: false,
  });
  return { pool, firstSwap, gaps };
}

/** The pool before its first event where that is its birth: then nothing has to be learnt. Undefined where it is not. */
export function newbornPool(
  events: readonly PoolEvent[],
  { feePips, tickSpacing, feeProtocol }: PoolTerms,
): Pool | undefined {
  if (events[0]?.kind !== 'initialize') return undefined;
  return createPool({ feePips, tickSpacing, sqrtPriceX96: 0n, feeProtocol: feeProtocol ?? 0 });
}

/** The net liquidity of each tick at the beginning, from that of neighbouring cells. */
function netsOf(map: LiquidityMap): { nets: Map<number, bigint>; gaps: Gap[] } {
  const nets = new Map<number, bigint>();
  const gaps: Gap[] = [];
  let below: { readonly cell: number; readonly liquidity: bigint } | undefined;
  for (const [cell, liquidity] of [...map.atStart].toSorted(([a], [b]) => a - b)) {
    if (below !== undefined) {
      const next = below.cell + map.tickSpacing;
      nets.set(next, liquidity - below.liquidity);
      if (next !== cell) {
        const cells = (cell - next) / map.tickSpacing;
        const levels = Array.from({ length: cells }, () => liquidity);
        gaps.push({ firstCell: next, before: below.liquidity, after: liquidity, levels, isTold: false });
      }
    }
    below = { cell, liquidity };
  }
  return { nets, gaps };
}

/**
 * Each tick with the least gross liquidity that its net and the burns to come allow: a tick is initialized as long as some
 * liquidity refers to it, and more than this nobody saw.
 */
function withLeastGross(nets: ReadonlyMap<number, bigint>, events: readonly PoolEvent[]): [number, PoolTick][] {
  const net = new Map(nets);
  const sinceStart = new Map<number, bigint>();
  const least = new Map([...nets].map(([tick, liquidityNet]) => [tick, abs(liquidityNet)]));
  for (const event of events) {
    if (event.kind !== 'mint' && event.kind !== 'burn') continue;
    const delta = event.kind === 'mint' ? event.liquidity : -event.liquidity;
    for (const [tick, netDelta] of [[event.tickLower, delta] as const, [event.tickUpper, -delta] as const]) {
      const gross = (sinceStart.get(tick) ?? 0n) + delta;
      const netNow = (net.get(tick) ?? 0n) + netDelta;
      sinceStart.set(tick, gross);
      net.set(tick, netNow);
      // Of a tick that no swap told, the net is unknown: then only what was burned counts.
      const needed = (nets.has(tick) ? abs(netNow) : 0n) - gross;
      if (needed > (least.get(tick) ?? 0n)) least.set(tick, needed);
    }
  }
  return [...least].map(([tick, liquidityGross]) => {
    const liquidityNet = nets.get(tick) ?? 0n;
    return [tick, { liquidityGross, liquidityNet, feeGrowthOutside0X128: 0n, feeGrowthOutside1X128: 0n }];
  });
}
