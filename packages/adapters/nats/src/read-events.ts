import { type Consumer, jetstream } from '@nats-io/jetstream';
import { type DomainEvent, decodeEvent, type EventDefinition } from '@rangeward/contracts';
import type { z } from 'zod';
import type { Broker } from './broker.ts';
import { headersOf, type IncomingMessage, readMessage } from './incoming-message.ts';

const BATCH = 100;

/** Whose events: a pool of a chain, and since when they were stored (ISO 8601); from the stream's beginning unless told. */
type EventPlace = { readonly chain: string; readonly pool: string; readonly since?: string | undefined };

/**
 * The first event of a kind that belongs to a run, or null. Looks through the stream from `since` (ISO 8601), so it takes
 * time in proportion to what was said since then. Reads only: no consumer of a service is touched.
 */
export async function findRunEvent<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  run: EventPlace & { readonly id: string },
): Promise<DomainEvent<z.output<Schema>> | null> {
  for await (const message of storedMessages(broker, definition, run)) {
    if (message.headers['ce-correlationid'] === run.id) return decodeEvent(definition, message);
  }
  return null;
}

/** All events of a kind of a pool, oldest first. Reads only, and all of them into memory: for kinds that are few. */
export async function readEvents<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  place: EventPlace,
): Promise<DomainEvent<z.output<Schema>>[]> {
  const events: DomainEvent<z.output<Schema>>[] = [];
  for await (const message of storedMessages(broker, definition, place)) events.push(decodeEvent(definition, message));
  return events;
}

/** What the stream has of this kind now, by a consumer of its own that goes with the last look. */
async function* storedMessages(
  broker: Broker,
  definition: EventDefinition,
  place: EventPlace,
): AsyncGenerator<IncomingMessage> {
  const { stream } = definition;
  const subject = `lp.v1.${definition.name}.${place.chain}.${place.pool}`;
  const { since } = place;
  const { name } = await broker.jsm.consumers.add(stream, {
    filter_subject: definition.once ? `${subject}.>` : subject,
    ...(since === undefined ? { deliver_policy: 'all' } : { deliver_policy: 'by_start_time', opt_start_time: since }),
    ack_policy: 'none',
    mem_storage: true,
    inactive_threshold: 10_000_000_000,
  });
  const consumer = await jetstream(broker.nc).consumers.get(stream, name);
  try {
    yield* deliveries(consumer, stream);
  } finally {
    await consumer.delete();
  }
}

async function* deliveries(consumer: Consumer, stream: string): AsyncGenerator<IncomingMessage> {
  for (let pending = 1; pending > 0; ) {
    pending = 0;
    for await (const delivery of await consumer.fetch({ max_messages: BATCH, expires: 1_000 })) {
      pending = delivery.info.pending;
      yield readMessage({
        subject: delivery.subject,
        headers: headersOf(() => delivery.headers),
        body: delivery.data,
        stream,
        sequence: delivery.seq,
        storedAtNs: delivery.timestampNanos,
      });
      if (pending === 0) break;
    }
  }
}
