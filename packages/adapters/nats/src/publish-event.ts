import { type EventDefinition, encodeEvent, type StreamName } from '@rangeward/contracts';
import type { z } from 'zod';
import type { Broker } from './broker.ts';
import type { Cause, Published } from './bus.ts';
import { type Acknowledgement, type OutgoingMessage, PublishError, WRONG_LAST_SEQUENCE } from './publisher.ts';
import { endSpan, startSend } from './trace.ts';

export type PublishEvent = <Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
  data: z.output<Schema>,
  cause?: Cause,
  incoming?: Incoming,
) => Promise<Published>;

/** The message that is being handled when something is published. */
type Incoming = {
  /** Its trace goes on. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether its work is ours, where that is still being asked: nothing is said before. */
  readonly granted?: (() => Promise<boolean>) | undefined;
};

/** The work was begun before it was known whose it is, and is not ours: it is done, or somebody else is at it. */
class NotClaimed extends Error {
  override readonly name = 'NotClaimed';
}

/** The way of every event onto the bus: encode, trace, send, wait for the acknowledgement. */
export function createPublishEvent(broker: Broker): PublishEvent {
  const source = `rangeward/${broker.service}`;
  return async (definition, data, cause = {}, incoming) => {
    const time = cause.time ?? new Date(broker.now()).toISOString();
    const message = encodeEvent(definition, data, {
      source,
      time,
      ...(cause.correlationId === undefined ? {} : { correlationId: cause.correlationId }),
      ...(cause.causationId === undefined ? {} : { causationId: cause.causationId }),
    });
    if (incoming?.granted !== undefined && !(await incoming.granted())) {
      throw new NotClaimed(`${definition.name} is not said: the work that it comes from is not ours`);
    }
    const headers: Record<string, string> = {
      'Nats-Msg-Id': message.id,
      ...(definition.once ? { 'Nats-Expected-Last-Subject-Sequence': '0' } : {}),
      ...message.headers,
      ...(definition.signed ? broker.signing?.sign(message) : {}),
    };
    // Widened, because what follows looks at the name and the address only.
    const span = startSend(
      definition as unknown as EventDefinition,
      { subject: message.subject, id: message.id, headers },
      cause.correlationId,
      incoming?.headers,
    );
    try {
      const { subject, body } = message;
      const answer = definition.once
        ? await publishOnce(broker, definition.stream, { subject, headers, body })
        : await broker.publisher.publish({ subject, headers, body });
      span.end();
      return { id: message.id, stream: answer.stream, sequence: answer.sequence, duplicate: answer.duplicate };
    } catch (error) {
      endSpan(span, error);
      throw error;
    }
  };
}

/** A subject that holds a message already is success: the work was said before, however long ago. */
async function publishOnce(broker: Broker, stream: StreamName, message: OutgoingMessage): Promise<Acknowledgement> {
  try {
    return await broker.publisher.publish(message);
  } catch (error) {
    if (!(error instanceof PublishError) || error.code !== String(WRONG_LAST_SEQUENCE)) throw error;
    const sequence = Number(/\d+$/.exec(error.message)?.[0] ?? 0);
    return { stream, sequence, duplicate: true };
  }
}
