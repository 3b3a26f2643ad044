import type { Bus } from '@rangeward/adapter-nats/bus';
import { ERRORS_BREAKER, readBreaker, writeBreaker } from '@rangeward/adapter-redis/breakers';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { countErrors } from '@rangeward/adapter-redis/error-window';
import { breakerChanged } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfBreaker } from './rules.ts';
import { type BreakerSettings, type BreakerState, type BreakerStep, stepBreaker } from './step-breaker.ts';

type Dependencies = {
  readonly bus: Bus;
  readonly redis: Redis;
  readonly raise: RaiseAlert;
  readonly failures: OwnFailures;
  readonly settings: BreakerSettings & { readonly checkEveryMs: number };
  readonly log: Logger;
  readonly now: () => number;
};

type BreakerWatch = {
  /** Counts an error, and looks at the breaker when that may change it. */
  noteError(): Promise<void>;
  stop(): Promise<void>;
};

/** Opens the breaker when errors storm and closes it when they are over; says every change once. */
export function watchBreaker(dependencies: Dependencies): BreakerWatch {
  const { redis, failures, settings, now } = dependencies;
  let known: BreakerState['state'] | 'unknown' = 'unknown';
  let looking: Promise<void> | undefined;
  const look = () => {
    looking ??= lookAtBreaker(dependencies)
      .then((state) => {
        known = state;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const check = () => failures.guard('breaker', look);
  const timer = setInterval(() => void check(), settings.checkEveryMs);
  return {
    noteError: async () => {
      const { errors } = await countErrors(redis, { nowMs: now(), windowMs: settings.windowMs, added: 1 });
      // While it is open an error changes nothing but the time of the last one, and the timer looks for that.
      if (known === 'open' || (known === 'closed' && errors < settings.threshold)) return;
      await check();
    },
    stop: async () => {
      clearInterval(timer);
      await looking?.catch(() => {});
    },
  };
}

/** Takes the step that is due, if any, and returns the state it ends in. */
async function lookAtBreaker(dependencies: Dependencies): Promise<BreakerState['state']> {
  const { redis, settings, now } = dependencies;
  const before = await readBreaker(redis, ERRORS_BREAKER);
  const state: BreakerState = before ?? { state: 'closed', sinceMs: 0 };
  const sight = await countErrors(redis, { nowMs: now(), windowMs: settings.windowMs, added: 0 });
  const step = stepBreaker(
    state,
    { nowMs: now(), errorsInWindow: sight.errors, lastErrorMs: sight.lastErrorMs },
    settings,
  );
  if (step === null) return state.state;
  // Another process that was first tells of it; what stands now is seen with the next look.
  if (!(await writeBreaker(redis, ERRORS_BREAKER, before, step))) return state.state;
  await announce(dependencies, step, sight.errors);
  return step.state;
}

async function announce({ bus, raise, log }: Dependencies, step: BreakerStep, errors: number): Promise<void> {
  const since = new Date(step.sinceMs).toISOString();
  const change = { breaker: ERRORS_BREAKER, state: step.state, since, errors, reason: step.reason };
  log.warn({ breaker: change }, `breaker ${ERRORS_BREAKER} is ${step.state}: ${step.reason}`);
  await bus.publish(breakerChanged, change);
  if (step.state !== 'half-open') await raise(alertOfBreaker(change));
}
