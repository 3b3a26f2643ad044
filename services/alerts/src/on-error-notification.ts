import { type Handler, onRaw } from '@rangeward/adapter-nats/bus';
import { decodeEvent, type ErrorNotification, errorNotification } from '@rangeward/contracts';
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
      await Promise.all([raise(alertOfError(data)), ...(countsForBreaker(data) ? [noteError()] : [])]);
    });
  });
}

/**
 * Whether an error speaks against going on trading. A message that the scheduler refused does not: whoever may send a
 * trigger could otherwise stop live trading with twenty typing errors.
 */
function countsForBreaker({ severity, kind, service }: ErrorNotification): boolean {
  return severity !== 'info' && !(kind === 'rejected' && service === 'scheduler');
}
