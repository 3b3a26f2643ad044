import { z } from 'zod';
import { GAVE_UP, passageOf } from './compile-schema.ts';
import { type EventDefinition, eventId } from './define-event.ts';
import { Rejection } from './rejection.ts';
import { subjectOf } from './subject.ts';

/** CloudEvents 1.0 attributes as we use them. */
export type Envelope = {
  readonly id: string;
  /** `lp.v1.<event>` */
  readonly type: string;
  /** `rangeward/<service>`, or what a person's tool says of itself. */
  readonly source: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** Run id; empty outside a run. */
  readonly correlationId: string;
  /** Id of the event that led to this one; empty at the beginning. */
  readonly causationId: string;
  /** The NATS subject it travelled on. */
  readonly subject: string;
};

export type DomainEvent<Data = unknown> = { readonly envelope: Envelope; readonly data: Data };

/** A message as it goes to and comes from the bus: CloudEvents in NATS binary mode. */
export type WireMessage = {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

export type Origin = {
  readonly source: string;
  readonly time: string;
  readonly correlationId?: string;
  readonly causationId?: string;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Makes the message for an event. The id is derived from run, event and key: encoding the same work twice gives the
 * same id. Throws Rejection `bad-event` when the data does not follow the schema (writers are exact).
 */
export function encodeEvent<Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
  data: z.output<Schema>,
  origin: Origin,
): WireMessage & { id: string } {
  const subject = subjectOf(definition, data);
  const id = eventId(origin.correlationId ?? '', definition.name, definition.key(data));
  const wire = wireOf(definition, data);
  return {
    id,
    subject,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-type': `lp.v1.${definition.name}`,
      'ce-source': origin.source,
      'ce-time': origin.time,
      'ce-subject': subject,
      'content-type': 'application/json',
      ...(origin.correlationId ? { 'ce-correlationid': origin.correlationId } : {}),
      ...(origin.causationId ? { 'ce-causationid': origin.causationId } : {}),
    },
    body: encoder.encode(JSON.stringify(wire)),
  };
}

/**
 * Reads a message of ours. Unknown fields are ignored, so that yesterday's reader survives today's writer.
 * Throws Rejection: `not-json`, `bad-event` (names the field), `subject-mismatch` (the subject is not the data's own).
 */
export function decodeEvent<Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
  message: WireMessage,
): DomainEvent<z.output<Schema>> {
  const data = parseData(definition, parseJson(message.body));
  if (subjectOf(definition, data) !== message.subject) {
    throw new Rejection(
      'subject-mismatch',
      `${definition.name}: came on ${message.subject} but says ${subjectOf(definition, data)}`,
    );
  }
  return { envelope: readEnvelope(definition.name, message), data };
}

function wireOf<Schema extends z.ZodType>(definition: EventDefinition<Schema>, data: z.output<Schema>): unknown {
  const quick = passageOf(definition.schema).write(data);
  if (quick !== GAVE_UP) return quick;
  const encoded = z.safeEncode(definition.schema, data);
  if (!encoded.success) throw new Rejection('bad-event', `${definition.name}: ${describeIssues(encoded.error)}`);
  return encoded.data;
}

/** Checks data against the event's schema; the Rejection names the first field at fault. */
export function parseData<Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
  input: unknown,
): z.output<Schema> {
  const quick = passageOf(definition.schema).read(input);
  // What the passage lets through is what the schema would have made of it.
  if (quick !== GAVE_UP) return quick as z.output<Schema>;
  const parsed = parseWith(
    definition.schema,
    input,
    (message) => new Rejection('bad-event', `${definition.name}: ${message}`),
  );
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.');
  throw new Rejection('bad-event', `${definition.name}: ${describeIssues(parsed.error)}`, field ? { field } : {});
}

/**
 * zod's answer. It compares `length` before it knows that a text is one, which throws for what is no number and can be made
 * none: a sender could write such a thing, and nobody could ever handle it.
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  refuse: (message: string) => Rejection,
): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(input);
  } catch (error) {
    throw refuse(`the body cannot be read: ${error instanceof Error ? error.message : 'no reason'}`);
  }
}

export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw new Rejection('not-json', `the body is not JSON: ${cause instanceof Error ? cause.message : 'unreadable'}`, {
      cause,
    });
  }
}

export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.length > 0 ? issue.path.join('.') : 'the body'}: ${issue.message}`)
    .join('; ');
}

function readEnvelope(name: string, message: WireMessage): Envelope {
  const attribute = (key: string) => message.headers[`ce-${key}`] ?? '';
  return {
    id: attribute('id'),
    type: attribute('type') || `lp.v1.${name}`,
    source: attribute('source'),
    time: attribute('time'),
    correlationId: attribute('correlationid'),
    causationId: attribute('causationid'),
    subject: message.subject,
  };
}
