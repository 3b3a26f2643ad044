import { MAX_TICK, MIN_TICK } from './tick-math.ts';

/** The ticks a position lies between: `tickLower` belongs to it, `tickUpper` does not. */
export type TickRange = { readonly tickLower: number; readonly tickUpper: number };

/** The greatest multiple of `spacing` not above `tick`: rounds toward minus infinity, also below zero. Not clamped to the usable ticks. */
export function floorToSpacing(tick: number, spacing: number): number {
  assertSpacing(spacing);
  // Adding zero turns -0 into 0, which a strict comparison would otherwise tell apart.
  return Math.floor(tick / spacing) * spacing + 0;
}

/** The smallest multiple of `spacing` not below `tick`: rounds toward plus infinity. Not clamped to the usable ticks. */
export function ceilToSpacing(tick: number, spacing: number): number {
  assertSpacing(spacing);
  return Math.ceil(tick / spacing) * spacing + 0;
}

/** The multiple of `spacing` nearest to `tick`; halfway goes up. Not clamped to the usable ticks. */
export function nearestOnGrid(tick: number, spacing: number): number {
  return floorToSpacing(tick + spacing / 2, spacing);
}

/** Whether `tick` is a multiple of `spacing` that a position may use as a bound. */
export function isOnGrid(tick: number, spacing: number): boolean {
  assertSpacing(spacing);
  return Number.isInteger(tick) && tick >= MIN_TICK && tick <= MAX_TICK && tick % spacing === 0;
}

/** The lowest and highest ticks a position in a pool of this spacing may use. */
export function usableTicks(spacing: number): TickRange {
  return { tickLower: ceilToSpacing(MIN_TICK, spacing), tickUpper: floorToSpacing(MAX_TICK, spacing) };
}

/** Whether a position earns at `tick`: tickLower <= tick < tickUpper, half open as in v3-core `_modifyPosition`. */
export function isInRange(tick: number, range: TickRange): boolean {
  return range.tickLower <= tick && tick < range.tickUpper;
}

/**
 * The tick of a time-weighted average: cumulative difference over elapsed seconds, rounded toward minus infinity
 * as periphery's `OracleLibrary.consult`. Throws a RangeError when no time has passed.
 */
export function twapTickRoundingDown(cumulativeDelta: bigint, elapsedSeconds: number): number {
  if (!Number.isInteger(elapsedSeconds) || elapsedSeconds <= 0) {
    throw new RangeError(`elapsed seconds must be a positive integer, got ${elapsedSeconds}`);
  }
  const seconds = BigInt(elapsedSeconds);
  const quotient = cumulativeDelta / seconds;
  return Number(cumulativeDelta < 0n && cumulativeDelta % seconds !== 0n ? quotient - 1n : quotient);
}

function assertSpacing(spacing: number): void {
  if (!Number.isInteger(spacing) || spacing <= 0)
    throw new RangeError(`tick spacing must be a positive integer, got ${spacing}`);
}
