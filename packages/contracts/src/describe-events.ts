import { z } from 'zod';
import { catalogue } from './catalogue.ts';
import { consumers } from './consumers.ts';
import type { EventDefinition } from './define-event.ts';
import { streams } from './streams.ts';
import { subjectTemplate } from './subject.ts';

/** The documents that are made from the contracts: docs/events.md and docs/asyncapi.json. */

/** Durable consumers whose filter takes in the event's subjects. */
export function heardBy(definition: EventDefinition): string[] {
  const subject = `${subjectTemplate(definition).replace(/\{.*?\}/g, 'x')}`;
  return Object.values(consumers)
    .filter((consumer) => consumer.stream === definition.stream && matches(consumer.filter, subject))
    .map((consumer) => consumer.durable);
}

function matches(filter: string, subject: string): boolean {
  return filter === '' || filter === subject || (filter.endsWith('>') && subject.startsWith(filter.slice(0, -1)));
}

export function eventsMarkdown(): string {
  const rows = catalogue.map(
    (event) =>
      `| [${event.name}](#${anchor(event.name)}) | \`${subjectTemplate(event)}\` | ${event.stream} | ${event.saidBy.join(', ')} | ${heardBy(event).join(', ') || '-'} | ${event.description} |`,
  );
  const streamRows = Object.entries(streams).map(
    ([name, stream]) =>
      `| ${name} | ${stream.subjects.map((subject) => `\`${subject}\``).join('<br>')} | ${stream.storage} | ${stream.maxAgeDays} d | ${stream.discard} | ${stream.description} |`,
  );
  return [
    '# Events',
    '',
    'Made from `packages/contracts` by `pnpm docs`; do not edit. The same as AsyncAPI: `docs/asyncapi.json`.',
    '',
    'CloudEvents 1.0 in NATS binary mode: attributes in `ce-*` headers, the JSON below in the body. Amounts are decimal',
    'strings, dollars are integer micro-dollars, times are ISO 8601 UTC. Readers ignore fields they do not know.',
    '',
    '| event | subject | stream | said by | heard by | what happened |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    'Dead letters travel on `lp.v1.dlq.<stream>.<consumer>` as the original message with its headers and `Rangeward-Dlq-*`',
    'headers that say why; error notifications are heard by alerts alone.',
    '',
    '## Streams',
    '',
    '| stream | subjects | storage | kept | when full | for |',
    '|---|---|---|---|---|---|',
    ...streamRows,
    '',
    ...catalogue.flatMap(fieldsOf),
  ].join('\n');
}

function anchor(name: string): string {
  return name.replace(/\./g, '');
}

function fieldsOf(event: EventDefinition): string[] {
  const schema = wireSchema(event);
  return [
    `## ${event.name}`,
    '',
    event.description,
    '',
    '| field | wire type | meaning |',
    '|---|---|---|',
    ...fieldRows(schema, ''),
    '',
  ];
}

type JsonSchema = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
};

function fieldRows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = schema.required?.includes(name) === true ? '' : '?';
    const shape = field.anyOf?.find((option) => option.properties !== undefined) ?? field;
    const row = `| \`${path}${optional}\` | ${typeName(field)} | ${cell(field.description ?? shape.description ?? '')} |`;
    if (SHARED.has(name) && prefix !== '') return [row];
    const nested = shape.properties ? fieldRows(shape, `${path}.`) : fieldRows(shape.items ?? {}, `${path}[].`);
    return [row, ...nested];
  });
}

/** Shapes that recur; inside another shape one row is enough. */
const SHARED = new Set(['run', 'market']);

function typeName(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ');
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(' ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'array') return `array of ${typeName(schema.items ?? {})}`;
  if (schema.type === 'string' && schema.pattern?.includes('[1-9][0-9]')) return 'decimal string';
  return String(schema.format ?? schema.type ?? 'any');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function wireSchema(event: EventDefinition): JsonSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(event.schema, { io: 'input', target: 'draft-7' });
  // zod's JSON Schema type is wider than the keywords that our schemas use.
  return schema as JsonSchema;
}

/** AsyncAPI 3.1 document of all events: one channel each, and what each service sends and receives. */
export function asyncApiDocument(version: string): Record<string, unknown> {
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Rangeward',
      version,
      description: 'What the services of Rangeward say to one another over NATS JetStream.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(catalogue.map((event) => [event.name, channelOf(event)])),
    operations: Object.fromEntries(catalogue.flatMap(operationsOf)),
    components: { messages: Object.fromEntries(catalogue.map((event) => [event.name, messageOf(event)])) },
  };
}

function channelOf(event: EventDefinition): Record<string, unknown> {
  const parameters = event.address.map((path) => [
    path.split('.').at(-1) ?? path,
    { description: `data field ${path}` },
  ]);
  return {
    address: subjectTemplate(event),
    description: event.description,
    messages: { [event.name]: { $ref: `#/components/messages/${event.name}` } },
    parameters: Object.fromEntries(parameters),
  };
}

function operationsOf(event: EventDefinition): [string, Record<string, unknown>][] {
  const channel = { $ref: `#/channels/${event.name}` };
  const sends = event.saidBy.map((who): [string, Record<string, unknown>] => [
    `${who}.sends.${event.name}`,
    { action: 'send', channel, summary: event.description },
  ]);
  const receives = heardBy(event).map((durable): [string, Record<string, unknown>] => [
    `${durable}.receives.${event.name}`,
    { action: 'receive', channel, summary: event.description },
  ]);
  return [...sends, ...receives];
}

function messageOf(event: EventDefinition): Record<string, unknown> {
  return {
    name: event.name,
    title: event.name,
    summary: event.description,
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['ce-specversion', 'ce-id', 'ce-type', 'ce-source', 'ce-time'],
      properties: {
        'ce-specversion': { const: '1.0' },
        'ce-id': { type: 'string', description: 'derived from run, event and key; also Nats-Msg-Id' },
        'ce-type': { const: `lp.v1.${event.name}` },
        'ce-source': { type: 'string' },
        'ce-time': { type: 'string', format: 'date-time' },
        'ce-correlationid': { type: 'string', description: 'run id' },
        'ce-causationid': { type: 'string', description: 'id of the event that led to this one' },
        traceparent: { type: 'string', description: 'W3C trace context' },
      },
    },
    payload: wireSchema(event),
  };
}
