import { metrics } from '@opentelemetry/api';
import { Rejection } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';

/**
 * What goes wrong in alerts itself is a line of its log and a metric, and nothing else: told on the bus it would come back
 * here and could go round for ever.
 */
export type OwnFailures = {
  /** `what` names the work, kebab-case; never throws. */
  report(what: string, error: unknown): void;
  /** Does the work, a few times if need be; what still fails is reported, and the caller goes on. */
  guard(what: string, work: () => Promise<void>): Promise<void>;
};

export function createOwnFailures(log: Logger, firstDelayMs = 200): OwnFailures {
  const counter = metrics.getMeter('rangeward-alerts').createCounter('rangeward.alerts.own_failures', {
    description: 'failures of alerts itself, by work',
  });
  const patience = retry(
    // What can never succeed is not tried again.
    handleWhen((error) => !(error instanceof Rejection)),
    {
      maxAttempts: 3,
      backoff: new ExponentialBackoff({ initialDelay: firstDelayMs, maxDelay: 2_000 }),
    },
  );
  const report = (what: string, error: unknown) => {
    counter.add(1, { work: what });
    log.error({ err: error, work: what }, 'alerts itself failed');
  };
  return {
    report,
    guard: async (what, work) => {
      try {
        await patience.execute(work);
      } catch (error) {
        report(what, error);
      }
    },
  };
}
