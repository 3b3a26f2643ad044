import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';
import { isInRange } from '@rangeward/uniswap-v3/tick-grid';

export type Side = 'below' | 'above';

/** Where a tick stands to a range with a buffer around it. */
export type Whereabouts =
  /** tickLower <= tick < tickUpper: the position earns. */
  | 'inside'
  /** Outside, by less than the buffer: neither a breach nor the end of one. */
  | 'buffer'
  | Side;

/**
 * Half open at both ends, as the range itself: `below` when tick < tickLower - buffer, `above` when
 * tick >= tickUpper + buffer. With a buffer of 0 every tick outside the range is a breach.
 */
export function detectBreach(tick: number, range: TickRange, bufferTicks: number): Whereabouts {
  if (isInRange(tick, range)) return 'inside';
  if (tick < range.tickLower - bufferTicks) return 'below';
  if (tick >= range.tickUpper + bufferTicks) return 'above';
  return 'buffer';
}
