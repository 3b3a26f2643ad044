import type { EventDefinition } from './define-event.ts';
import { Rejection } from './rejection.ts';

export const SUBJECT_ROOT = 'lp.v1';

const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/** `lp.v1.<event>.<address fields>`. Throws Rejection when a field cannot be one token of a subject. */
export function subjectOf(definition: EventDefinition, data: unknown): string {
  const tokens = definition.address.map((path) => {
    const value = String(fieldAt(data, path));
    if (!TOKEN.test(value)) {
      throw new Rejection(
        'bad-subject',
        `${definition.name}: ${path} = ${JSON.stringify(value)} cannot be part of a subject`,
        { field: path },
      );
    }
    return value;
  });
  return [SUBJECT_ROOT, definition.name, ...tokens].join('.');
}

/** `lp.v1.market-observed.{chain}.{pool}`: the subject's shape, for documents, spans and metrics. */
export function subjectTemplate(definition: EventDefinition): string {
  return [SUBJECT_ROOT, definition.name, ...definition.address.map((path) => `{${path.split('.').at(-1)}}`)].join('.');
}

function fieldAt(data: unknown, path: string): unknown {
  let value: unknown = data;
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  }
  return value;
}
