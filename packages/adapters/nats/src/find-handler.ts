import { definitionOf, type EventDefinition, Rejection } from '@rangeward/contracts';
import type { Handler } from './bus.ts';
import { templateOf } from './trace.ts';

export type Route = {
  readonly handler: Handler;
  /** The subject's shape, for spans and metrics: never an address or an id. */
  readonly template: string;
  /** The event, where it needs its speaker's signature. */
  readonly signed: EventDefinition | undefined;
};

/**
 * Finds who handles a subject: the handler of its event, else the raw one, else whoever ignores the rest. Throws
 * Rejection `unhandled-event` when nobody does, so that a message is never acknowledged unread by accident.
 */
export function createFindHandler(handlers: readonly Handler[]): (subject: string) => Route {
  const byName = new Map<string, Handler>();
  for (const handler of handlers) if (handler.kind === 'event') byName.set(handler.definition.name, handler);
  const fallback =
    handlers.find((handler) => handler.kind === 'raw') ?? handlers.find((handler) => handler.kind === 'ignore-others');
  return (subject) => {
    const definition = definitionOf(subject);
    const handler = (definition && byName.get(definition.name)) ?? fallback;
    if (handler === undefined) throw new Rejection('unhandled-event', `${subject}: nobody here handles it`);
    const signed = definition?.signed === true ? definition : undefined;
    return { handler, template: templateOfSubject(subject, definition), signed };
  };
}

export function templateOfSubject(subject: string, definition = definitionOf(subject)): string {
  if (definition !== undefined) return templateOf(definition);
  return `${subject.split('.').slice(0, 3).join('.')}.{other}`;
}
