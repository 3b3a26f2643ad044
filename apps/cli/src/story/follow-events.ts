import { connectNats } from '@rangeward/adapter-nats/connect';
import { headersOf, readHeaders } from '@rangeward/adapter-nats/incoming-message';
import { type DomainEvent, decodeEvent, definitionOf, type EventDefinition, Rejection } from '@rangeward/contracts';

export type Follower = { close(): Promise<void> };

/** Nothing of the follower's own is worth a line: the services say what is wrong. */
const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

/**
 * Calls `onEvent` for every event of ours as it goes over the bus, in the order it was sent. Listens beside the streams:
 * it misses what was said before, and nobody waits for it. Messages that are not ours, or malformed, are passed over;
 * they become dead letters where they belong.
 */
export async function followEvents(
  connection: Parameters<typeof connectNats>[0] extends infer Options
    ? Omit<Options & object, 'log' | 'service'>
    : never,
  onEvent: (definition: EventDefinition, event: DomainEvent) => void,
): Promise<Follower> {
  const nc = await connectNats({ ...connection, service: 'operator', log: silent });
  const told = new Set<string>();
  nc.subscribe('lp.v1.>', {
    callback: (error, message) => {
      if (error !== null) return;
      const definition = definitionOf(message.subject);
      if (definition === undefined || definition.name === 'trigger.manual') return;
      const headers = readHeaders(headersOf(() => message.headers) ?? undefined);
      try {
        const event = decodeEvent(definition, { subject: message.subject, headers, body: message.data });
        // What was published again on its way to certainty is the same event; the stream keeps one of them.
        if (told.has(event.envelope.id)) return;
        told.add(event.envelope.id);
        onEvent(definition, event);
      } catch (problem) {
        if (!(problem instanceof Rejection)) throw problem;
      }
    },
  });
  await nc.flush();
  return { close: () => nc.drain() };
}
