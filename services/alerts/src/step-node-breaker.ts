/**
 * The breaker on one chain's node, fed by probes. Closed: the node answers. Open: it did not, several times in a row; it is
 * probed on. Half-open: one probe was answered; the next one decides. Live trading on the chain waits for closed.
 */
export type NodeBreaker = {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Probes in a row that were not answered. */
  readonly failures: number;
};

/** The state after a probe; the same one when nothing changes. */
export function stepNodeBreaker({ state, failures }: NodeBreaker, answered: boolean, threshold: number): NodeBreaker {
  if (!answered) {
    const missed = failures + 1;
    const opens = state === 'half-open' || missed >= threshold;
    return { state: opens ? 'open' : state, failures: missed };
  }
  return { state: state === 'open' ? 'half-open' : 'closed', failures: 0 };
}
