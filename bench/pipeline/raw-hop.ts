import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { readTask, sayReady } from '../child.ts';

/**
 * One process of the raw chain: takes a message, publishes the next ones, acknowledges. Nothing but the client at its
 * best settings: no stack trace per call, many messages pulled at a time, all of them handled at once.
 */
export type RawHop = {
  readonly url: string;
  readonly consumers: readonly {
    readonly stream: string;
    readonly durable: string;
    readonly filter: string;
    /** Published for each message, at once. */
    readonly publishes: readonly { readonly subject: string; readonly bytes: number }[];
    /** Publishes only for messages on this subject; for all when absent. */
    readonly only?: string;
  }[];
};

const task = readTask<RawHop>();
const nc = await connect({ servers: task.url, noAsyncTraces: true });
const jsm = await jetstreamManager(nc, { checkAPI: false });
const js = jsm.jetstream();

for (const { stream, durable, filter, publishes, only } of task.consumers) {
  await jsm.consumers.add(stream, { durable_name: durable, ack_policy: 'explicit', filter_subject: filter });
  const consumer = await js.consumers.get(stream, durable);
  const messages = await consumer.consume({ max_messages: 512 });
  const pull = async () => {
    for await (const message of messages) {
      if (publishes.length === 0 || (only !== undefined && message.subject !== only)) {
        message.ack();
        continue;
      }
      const sent = publishes.map(({ subject, bytes }) => js.publish(subject, resized(message.data, bytes)));
      void Promise.all(sent).then(() => message.ack());
    }
  };
  void pull();
}
await nc.flush();
sayReady();

/** The mark at the beginning stays. */
function resized(body: Uint8Array, bytes: number): Uint8Array {
  if (body.length === bytes) return body;
  const next = new Uint8Array(bytes);
  next.set(body.subarray(0, 8));
  return next;
}
