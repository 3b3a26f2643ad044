import { type Handler, onRaw, type RawMessage } from '@rangeward/adapter-nats/bus';
import { DLQ_HEADER } from '@rangeward/adapter-nats/dead-letter';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfDeadLetter, type DeadLetterNote } from './rules.ts';

type Dependencies = { readonly raise: RaiseAlert; readonly failures: OwnFailures };

/** A message that was given up is told, whatever it holds. */
export function onDeadLetter({ raise, failures }: Dependencies): Handler {
  return onRaw(async (message) => {
    await failures.guard('dead-letter', async () => {
      await raise(alertOfDeadLetter(readNote(message)));
    });
  });
}

function readNote(message: RawMessage): DeadLetterNote {
  const said = new Map(Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const header = (name: string) => said.get(`${DLQ_HEADER}${name}`.toLowerCase()) ?? 'not said';
  return {
    service: header('Service'),
    code: header('Code'),
    reason: header('Reason'),
    subject: header('Subject'),
    consumer: header('Consumer'),
    attempts: header('Attempts'),
  };
}
