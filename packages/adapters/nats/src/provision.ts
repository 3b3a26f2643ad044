import {
  type ConsumerConfig,
  type ConsumerInfo,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import {
  type ConsumerDefinition,
  consumers,
  type StreamDefinition,
  type StreamName,
  streams,
} from '@rangeward/contracts';
import { describeDifferences, differencesOf } from './compare-configuration.ts';

const NS_PER_MS = 1_000_000;
const DAY_MS = 86_400_000;

/** The server has a stream or consumer otherwise than we declare it. Nothing was changed. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

/**
 * Creates the streams that are missing and compares the others with their declaration. Never changes one: throws
 * ProvisionError with every difference of every stream. `only` limits it to some streams.
 */
export async function provisionStreams(
  jsm: JetStreamManager,
  options: { readonly replicas?: number; readonly only?: readonly StreamName[] } = {},
): Promise<void> {
  // Object.keys forgets the names it came from.
  const names = options.only ?? (Object.keys(streams) as StreamName[]);
  const problems = await Promise.all(names.map((name) => provisionStream(jsm, name, options.replicas ?? 1)));
  const said = problems.filter((problem) => problem !== undefined);
  if (said.length > 0) throw new ProvisionError(`${said.join('\n')}\nNothing was changed; ${WAY_OUT}`);
}

const WAY_OUT = 'change it on the server by hand ("nats stream edit", "nats consumer rm"), or change the declaration.';

async function provisionStream(jsm: JetStreamManager, name: StreamName, replicas: number): Promise<string | undefined> {
  const declared = streamConfig(name, streams[name], replicas);
  let info = await unlessMissing(jsm.streams.info(name), JetStreamApiCodes.StreamNotFound);
  if (info === undefined) {
    try {
      await jsm.streams.add(declared);
      return undefined;
    } catch (error) {
      // Six services that start at once ask at once, and the server counts the room of each request: the loser of that
      // race is told that there is none, though the stream is there by now.
      info = await unlessMissing(jsm.streams.info(name), JetStreamApiCodes.StreamNotFound);
      if (info === undefined)
        return `${name} cannot be created: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const { name: _, description: __, ...compared } = declared;
  const differences = differencesOf(compared, { ...info.config });
  return differences.length === 0 ? undefined : describeDifferences(name, differences);
}

/** The declaration in the server's words: times in nanoseconds. */
function streamConfig(name: StreamName, stream: StreamDefinition, replicas: number) {
  return {
    name,
    description: stream.description,
    subjects: [...stream.subjects],
    retention: 'limits',
    storage: stream.storage,
    discard: stream.discard,
    max_age: stream.maxAgeDays * DAY_MS * NS_PER_MS,
    max_bytes: stream.maxBytes,
    max_msg_size: stream.maxMessageBytes ?? -1,
    duplicate_window: stream.duplicateWindowS * 1_000 * NS_PER_MS,
    num_replicas: replicas,
  } satisfies Partial<StreamConfig> & { name: string };
}

/**
 * Creates the durable consumer when it is missing, otherwise compares it. Never changes one: throws ProvisionError
 * with every difference.
 */
export async function provisionConsumer(jsm: JetStreamManager, consumer: ConsumerDefinition): Promise<ConsumerInfo> {
  const declared = consumerConfig(consumer);
  const { stream, durable } = consumer;
  const info = await unlessMissing(jsm.consumers.info(stream, durable), JetStreamApiCodes.ConsumerNotFound);
  if (info === undefined) return await jsm.consumers.add(stream, declared);
  const differences = differencesOf({ ...declared }, { ...info.config });
  if (differences.length === 0) return info;
  const what = describeDifferences(`consumer ${durable} of ${stream}`, differences);
  throw new ProvisionError(`${what}\nNothing was changed; ${WAY_OUT}`);
}

/** Creates and checks all consumers, for services whose own users may not create any. */
export async function provisionConsumers(jsm: JetStreamManager): Promise<void> {
  await Promise.all(Object.values(consumers).map((consumer) => provisionConsumer(jsm, consumer)));
}

export function consumerConfig(consumer: ConsumerDefinition) {
  return {
    durable_name: consumer.durable,
    ack_policy: 'explicit',
    replay_policy: 'instant',
    deliver_policy: consumer.deliver,
    filter_subject: consumer.filter,
    ack_wait: consumer.ackWaitMs * NS_PER_MS,
    max_deliver: maxDeliver(consumer),
  } satisfies Partial<ConsumerConfig>;
}

/** Deliveries after which our own code gives up, however few of them failed in this very process. */
export function deliveriesToGiveUp(consumer: ConsumerDefinition): number {
  return consumer.maxAttempts * 3;
}

/**
 * Deliveries after which the server gives up, with an advisory. Well above ours: it only matters for a message that
 * kills every process that takes it.
 */
function maxDeliver(consumer: ConsumerDefinition): number {
  return deliveriesToGiveUp(consumer) + 5;
}

async function unlessMissing<Found>(found: Promise<Found>, missing: number): Promise<Found | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === missing) return undefined;
    throw error;
  }
}
