import { type Handler, onRaw, type RawMessage } from '@rangeward/adapter-nats/bus';
import type { OwnFailures } from './own-failures.ts';

type Dependencies = {
  /** Writes the dead letter of the message that the broker gave up, unless there is one. */
  readonly writeDeadLetter: (advisory: RawMessage) => Promise<unknown>;
  readonly failures: OwnFailures;
};

/** The broker gave a message up after its last delivery: its dead letter is written, which is then heard and told. */
export function onAdvisory({ writeDeadLetter, failures }: Dependencies): Handler {
  return onRaw(async (message) => {
    await failures.guard('advisory', async () => {
      await writeDeadLetter(message);
    });
  });
}
