/**
 * The circuit breaker on error events. Closed: all is well. Open: errors came as a storm, no live trade begins. Half-open:
 * it has been quiet for a while; one error opens it again, as long a quiet once more closes it. Live trading waits for closed.
 */
export type BreakerState = {
  readonly state: 'closed' | 'open' | 'half-open';
  /** When it came into this state, milliseconds since 1970. */
  readonly sinceMs: number;
};

export type BreakerSettings = {
  /** Errors in the window that open it. */
  readonly threshold: number;
  readonly windowMs: number;
  /** Time without an error from open to half-open, and again from there to closed. */
  readonly quietMs: number;
};

/** What is known when the breaker is looked at. */
type BreakerSight = {
  readonly nowMs: number;
  readonly errorsInWindow: number;
  readonly lastErrorMs: number | null;
};

export type BreakerStep = BreakerState & { readonly reason: string };

/** The state to go to and why; null to stay. One step at a time: look again after each. */
export function stepBreaker(from: BreakerState, sight: BreakerSight, settings: BreakerSettings): BreakerStep | null {
  const { nowMs, errorsInWindow } = sight;
  const quietMs = nowMs - Math.max(sight.lastErrorMs ?? Number.NEGATIVE_INFINITY, from.sinceMs);
  const errors = `${errorsInWindow} errors within ${settings.windowMs / 1000} s`;
  switch (from.state) {
    case 'closed':
      if (errorsInWindow < settings.threshold) return null;
      return { state: 'open', sinceMs: nowMs, reason: `${errors}, at most ${settings.threshold - 1} are borne` };
    case 'open':
      if (quietMs < settings.quietMs) return null;
      return { state: 'half-open', sinceMs: nowMs, reason: `no error for ${Math.floor(quietMs / 1000)} s` };
    case 'half-open':
      if (sight.lastErrorMs !== null && sight.lastErrorMs > from.sinceMs) {
        return { state: 'open', sinceMs: nowMs, reason: `an error while it was half-open (${errors})` };
      }
      if (quietMs < settings.quietMs) return null;
      return { state: 'closed', sinceMs: nowMs, reason: `no error for ${Math.floor(quietMs / 1000)} s more` };
    default:
      return unreachable(from.state);
  }
}

function unreachable(state: never): never {
  throw new Error(`the breaker is in an unknown state: ${String(state)}`);
}
