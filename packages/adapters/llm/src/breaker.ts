import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel';
import type { ModelReply } from './read-message.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Keeps a provider that does not answer from costing every run its time-out. One for each process. */
export type ModelBreaker = {
  readonly state: () => BreakerState;
  /** Whether a call would be refused now: open, or half-open with its probe under way. */
  refuses(): boolean;
  /** The reply, or `refused` when the breaker let nobody through. */
  run(call: () => Promise<ModelReply>): Promise<ModelReply | 'refused'>;
};

const names: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/**
 * Opens after `failures` calls in a row that time-outs or errors left without a reply, and lets one probe through after
 * `openMs`. A refusal or nonsense is a reply: whoever gives it is there.
 */
export function createModelBreaker(options: {
  readonly failures: number;
  readonly openMs: number;
  readonly onChange: (state: BreakerState) => void;
}): ModelBreaker {
  const policy = circuitBreaker(handleWhenResult(leftWithoutReply), {
    breaker: new ConsecutiveBreaker(options.failures),
    halfOpenAfter: options.openMs,
  });
  let openUntilMs = 0;
  policy.onBreak(() => {
    openUntilMs = performance.now() + options.openMs;
  });
  policy.onStateChange((state) => options.onChange(names[state]));
  const refuses = () =>
    policy.state === CircuitState.HalfOpen || (policy.state === CircuitState.Open && performance.now() < openUntilMs);
  return {
    state: () => names[policy.state],
    refuses,
    async run(call) {
      // cockatiel would let a second caller wait for the probe; a run has no time for that.
      if (refuses()) return 'refused';
      try {
        return await policy.execute(call);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return 'refused';
        throw error;
      }
    },
  };
}

function leftWithoutReply(result: unknown): boolean {
  // The policy is given calls that answer with a reply only.
  const { answer } = result as ModelReply;
  return 'kind' in answer && (answer.reason === 'time-out' || answer.reason === 'failed');
}
