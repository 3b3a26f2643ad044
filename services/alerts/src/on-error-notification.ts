import { type Handler, onRaw } from '@rangeward/adapter-nats/bus';
import { decodeEvent, errorNotification } from '@rangeward/contracts';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfError } from './rules.ts';

type Dependencies = {
  readonly raise: RaiseAlert;
  /** Counts an error for the circuit breaker. */
  readonly noteError: () => Promise<void>;
  readonly failures: OwnFailures;
};

/**
 * Hears every error notification and never fails: one that cannot be read, or told, is this service's own failure. It takes
 * messages raw, because the bus would make a dead letter of what it cannot read, and that would come back here.
 */
export function onErrorNotification({ raise, noteError, failures }: Dependencies): Handler {
  return onRaw(async (message) => {
    await failures.guard('error-notification', async () => {
      const { data } = decodeEvent(errorNotification, message);
      if (data.severity === 'info') {
        await raise(alertOfError(data));
        return;
      }
      await Promise.all([raise(alertOfError(data)), noteError()]);
    });
  });
}
