import type { ConsumerInfo, ConsumerMessages } from '@nats-io/jetstream';
import type { ConsumerDefinition } from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import type { Delivery } from './delivery.ts';
import { type Arrivals, gatherArrivals } from './gather-arrivals.ts';
import { provisionConsumer } from './provision.ts';
import { describeError } from './settle.ts';

/**
 * What is handed back waits a moment. A bare nak while nobody pulls gets lost in nats-server 2.9 until the ack wait ends;
 * a delayed one goes the way of a time-out, which does not.
 */
export const HAND_BACK_MS = 20;

/** One durable consumer that this process pulls from. */
export type RunningConsumption = {
  readonly consumer: ConsumerDefinition;
  /** Why nothing arrives now; undefined when the server serves us. */
  trouble(): string | undefined;
  /** Stops pulling, hands back what was not begun, and waits until what was begun is settled. */
  stop(): Promise<void>;
  /** Hands back what is still not settled. */
  handBack(): void;
};

/**
 * Pulls and handles up to `concurrency` messages at once. While a message is held the broker hears so every third of
 * the ack wait. Throws ProvisionError when the server's consumer is not as declared.
 */
export async function startConsumption(
  broker: Broker,
  consumer: ConsumerDefinition,
  handle: (delivery: Delivery) => Promise<void>,
): Promise<RunningConsumption> {
  const info = await provisionConsumer(broker.jsm, consumer);
  const arrivals =
    consumer.gatherMs === undefined
      ? await arrivalsAtOnce(broker, consumer, info)
      : gatherArrivals(broker, consumer, consumer.gatherMs);
  const held = new Set<Delivery>();
  const heartbeat = setInterval(() => {
    for (const delivery of held) delivery.working();
  }, consumer.ackWaitMs / 3);
  let wake = () => {};
  const freed = () => new Promise<void>((resolve) => (wake = resolve));
  let stopping = false;

  const pull = async () => {
    for await (const delivery of arrivals) {
      while (!stopping && held.size >= consumer.concurrency) await freed();
      if (stopping) {
        delivery.nak(HAND_BACK_MS);
        continue;
      }
      held.add(delivery);
      void handle(delivery).finally(() => {
        held.delete(delivery);
        wake();
      });
    }
  };
  let ended: string | undefined;
  const pulled = pull()
    .catch((error: unknown) =>
      broker.log.error({ ...describeError(error), consumer: consumer.durable }, 'a pull broke'),
    )
    .then(() => {
      ended = 'pulling ended';
    });
  const stopped = async () => {
    stopping = true;
    wake();
    arrivals.stop();
    await pulled;
    while (held.size > 0) await freed();
    clearInterval(heartbeat);
  };
  let stop: Promise<void> | undefined;

  return {
    consumer,
    trouble: () => ended ?? arrivals.trouble(),
    stop: () => (stop ??= stopped()),
    handBack() {
      clearInterval(heartbeat);
      for (const delivery of held) delivery.nak(HAND_BACK_MS);
    },
  };
}

/** What is there is delivered at once, many messages ahead of what is handled. */
async function arrivalsAtOnce(broker: Broker, consumer: ConsumerDefinition, info: ConsumerInfo): Promise<Arrivals> {
  const messages = await broker.jsm.jetstream().consumers.getConsumerFromInfo(info).consume(pullOptions(consumer));
  return {
    [Symbol.asyncIterator]: () => messages[Symbol.asyncIterator](),
    trouble: watchTrouble(broker, consumer, messages),
    stop: () => messages.stop(),
  };
}

function pullOptions(consumer: ConsumerDefinition) {
  return {
    // Many at a time where messages are light; where few may be handled at once, no more are kept from other replicas.
    max_messages: consumer.concurrency >= 32 ? Math.max(consumer.concurrency, 100) : consumer.concurrency,
    // Short, and without asking for information first, so that pulling resumes within two seconds after an outage.
    expires: 10_000,
    idle_heartbeat: 1_000,
    bind: true,
  };
}

/** The server's heartbeats say that our pull is known to it; their absence, or its refusals, that it is not. */
function watchTrouble(broker: Broker, consumer: ConsumerDefinition, messages: ConsumerMessages) {
  let trouble: string | undefined;
  const watch = async () => {
    for await (const status of messages.status()) {
      if (status.type === 'heartbeat') trouble = undefined;
      const found = troubleIn(status.type);
      if (found === undefined) continue;
      if (trouble === undefined) broker.log.warn({ consumer: consumer.durable, trouble: found }, 'nothing arrives');
      trouble = found;
    }
  };
  void watch();
  return () => trouble;
}

function troubleIn(status: string): string | undefined {
  switch (status) {
    case 'heartbeats_missed':
      return 'the server does not answer the pull';
    case 'consumer_deleted':
    case 'consumer_not_found':
    case 'no_responders':
      return 'the server does not know the consumer';
    case 'stream_not_found':
      return 'the server does not know the stream';
    default:
      return undefined;
  }
}
