import { setMaxListeners } from 'node:events';
import type { ConsumerDefinition, StreamName } from '@rangeward/contracts';
import { type Broker, type BrokerOptions, openBroker } from './broker.ts';
import type { Bus, Handler, Inbox } from './bus.ts';
import { createClaims } from './claim-work.ts';
import { type RunningConsumption, startConsumption } from './consumption.ts';
import type { Delivery } from './delivery.ts';
import { createNotifyError } from './error-notice.ts';
import { createFindHandler } from './find-handler.ts';
import { createHandleMessage } from './handle-message.ts';
import { provisionStreams } from './provision.ts';
import { createPublishEvent } from './publish-event.ts';
import { createProcessHistogram } from './trace.ts';

export type BusOptions = BrokerOptions & {
  readonly inbox: Inbox;
  /** Copies of each stream that is created; 1 by default. */
  readonly replicas?: number;
  /** Streams to create or check at the start; all by default, none for a user who may not ask. */
  readonly streams?: readonly StreamName[];
  /** False for whoever hears error notifications: an error there must not make another. */
  readonly notifyErrors?: boolean;
  /** Takes secrets out of texts before they leave in notifications, dead letters and logs. */
  readonly scrub?: (text: string) => string;
  /** A broken invariant. By default the error is thrown outside every promise, which ends the process. */
  readonly onBroken?: (error: unknown) => void;
};

/** The bus with its connection, which dead letters and advisories need. */
export type NatsBus = Bus & { readonly broker: Broker };

/**
 * Connects, creates or checks the streams, and gives the bus. Throws an Error that names the address when there is no
 * server, and ProvisionError when its streams are not what we declare.
 */
export async function openBus(options: BusOptions): Promise<NatsBus> {
  const broker = await openBroker(options);
  try {
    await provisionStreams(broker.jsm, {
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      ...(options.streams === undefined ? {} : { only: options.streams }),
    });
  } catch (error) {
    await broker.close();
    throw error;
  }
  const link = watchLink(broker);
  const draining = new AbortController();
  // Every message on hold listens to it.
  setMaxListeners(0, draining.signal);
  const consumptions: (RunningConsumption & { inboxTrouble(): string | undefined })[] = [];
  const publish = createPublishEvent(broker);
  const prepare = prepareHandling(broker, options, draining.signal);
  let drained: Promise<void> | undefined;

  return {
    broker,
    publish: (definition, data, cause) => publish(definition, data, cause),
    async consume(consumer, handlers) {
      const { handle, inboxTrouble } = prepare(consumer, handlers);
      const running = await startConsumption(broker, consumer, handle);
      consumptions.push({ ...running, inboxTrouble });
      return { consumer, stop: running.stop };
    },
    readiness() {
      const detail: Record<string, string> = { nats: link.state() };
      for (const one of consumptions) detail[one.consumer.durable] = one.trouble() ?? one.inboxTrouble() ?? 'bound';
      const ready = Object.values(detail).every((state) => state === 'connected' || state === 'bound');
      return { ready: ready && drained === undefined, detail };
    },
    drain: (withinMs = 8_000) => (drained ??= drain(broker, consumptions, draining, withinMs)),
  };
}

function prepareHandling(broker: Broker, options: BusOptions, signal: AbortSignal) {
  const publish = createPublishEvent(broker);
  const scrub = options.scrub ?? ((text: string) => text);
  const histogram = createProcessHistogram();
  const notifyError = createNotifyError(broker, publish, { notifyErrors: options.notifyErrors ?? true, scrub });
  return (consumer: ConsumerDefinition, handlers: readonly Handler[]) => {
    const claims = createClaims({
      inbox: options.inbox,
      consumer: consumer.durable,
      // Ends before the broker delivers again, so that the work of a process that died is not waited for twice.
      leaseMs: Math.floor(consumer.ackWaitMs * 0.9),
      signal,
      log: broker.log,
    });
    const handle: (delivery: Delivery) => Promise<void> = createHandleMessage({
      broker,
      consumer,
      findHandler: createFindHandler(handlers),
      claims,
      publish,
      notifyError,
      scrub,
      onBroken: options.onBroken ?? endProcess,
      histogram,
      signal,
    });
    return { handle, inboxTrouble: () => claims.trouble() };
  };
}

function endProcess(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

async function drain(
  broker: Broker,
  consumptions: readonly RunningConsumption[],
  draining: AbortController,
  withinMs: number,
): Promise<void> {
  const settled = Promise.all(consumptions.map((one) => one.stop()));
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<'time-up'>((resolve) => {
    timer = setTimeout(resolve, withinMs, 'time-up');
  });
  const ended = await Promise.race([settled, timeUp]);
  clearTimeout(timer);
  if (ended === 'time-up') {
    for (const one of consumptions) one.handBack();
    broker.log.warn({ withinMs }, 'time is up: what is not finished was handed back');
  }
  draining.abort();
  await broker.close();
}

/** Follows the connection, because the client itself does not say whether it is connected. */
function watchLink(broker: Broker) {
  let state = 'connected';
  const watch = async () => {
    for await (const { type } of broker.nc.status()) {
      if (type === 'reconnect') state = 'connected';
      if (type === 'disconnect' || type === 'close' || type === 'staleConnection') state = 'not connected';
    }
    state = 'closed';
  };
  void watch();
  return { state: () => state };
}
