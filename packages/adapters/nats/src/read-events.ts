import { jetstream } from '@nats-io/jetstream';
import { type DomainEvent, decodeEvent, type EventDefinition } from '@rangeward/contracts';
import type { z } from 'zod';
import type { Broker } from './broker.ts';
import { headersOf, readMessage } from './incoming-message.ts';

const BATCH = 100;

/**
 * The first event of a kind that belongs to a run, or null. Looks through the stream from `since` (ISO 8601), so it takes
 * time in proportion to what was said since then. Reads only: no consumer of a service is touched.
 */
export async function findRunEvent<Schema extends z.ZodType>(
  broker: Broker,
  definition: EventDefinition<Schema>,
  run: { readonly id: string; readonly chain: string; readonly pool: string; readonly since: string },
): Promise<DomainEvent<z.output<Schema>> | null> {
  const { stream } = definition;
  const subject = `lp.v1.${definition.name}.${run.chain}.${run.pool}`;
  const { name } = await broker.jsm.consumers.add(stream, {
    filter_subject: definition.once ? `${subject}.>` : subject,
    deliver_policy: 'by_start_time',
    opt_start_time: run.since,
    ack_policy: 'none',
    mem_storage: true,
    inactive_threshold: 10_000_000_000,
  });
  const consumer = await jetstream(broker.nc).consumers.get(stream, name);
  try {
    for (let pending = 1; pending > 0; ) {
      pending = 0;
      for await (const delivery of await consumer.fetch({ max_messages: BATCH, expires: 1_000 })) {
        pending = delivery.info.pending;
        const message = readMessage({
          subject: delivery.subject,
          headers: headersOf(() => delivery.headers),
          body: delivery.data,
          stream,
          sequence: delivery.seq,
          storedAtNs: delivery.timestampNanos,
        });
        if (message.headers['ce-correlationid'] === run.id) return decodeEvent(definition, message);
        if (pending === 0) break;
      }
    }
    return null;
  } finally {
    await consumer.delete();
  }
}
