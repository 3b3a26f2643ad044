import type { Bus } from '@rangeward/adapter-nats/bus';
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
  readonly store: BreakerStore;
  readonly raise: RaiseAlert;
  readonly failures: OwnFailures;
  readonly settings: BreakerSettings & { readonly checkEveryMs: number };
  readonly log: Logger;
  readonly now: () => number;
};

/** Where the state stands for every process that asks. */
export type BreakerStore = {
  read(): Promise<BreakerState>;
  /** False when another process changed it first. */
  replace(before: BreakerState, after: BreakerStep, errors: number): Promise<boolean>;
};

export type BreakerWatch = {
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

/** Takes every step that is due and returns the state it ends in. */
async function lookAtBreaker(dependencies: Dependencies): Promise<BreakerState['state']> {
  const { redis, store, settings, now } = dependencies;
  const state = await store.read();
  const sight = await countErrors(redis, { nowMs: now(), windowMs: settings.windowMs, added: 0 });
  const step = stepBreaker(
    state,
    { nowMs: now(), errorsInWindow: sight.errors, lastErrorMs: sight.lastErrorMs },
    settings,
  );
  if (step === null) return state.state;
  if (await store.replace(state, step, sight.errors)) await announce(dependencies, step, sight.errors);
  return step.state;
}

async function announce({ bus, raise, log }: Dependencies, step: BreakerStep, errors: number): Promise<void> {
  const since = new Date(step.sinceMs).toISOString();
  const change = { breaker: 'errors', state: step.state, since, errors, reason: step.reason };
  log.warn({ breaker: change }, `breaker errors is ${step.state}: ${step.reason}`);
  await bus.publish(breakerChanged, change);
  if (step.state !== 'half-open') await raise(alertOfBreaker(change));
}
