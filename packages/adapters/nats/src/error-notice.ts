import {
  definitionOf,
  type ErrorNotification,
  errorNotification,
  forgeryCodes,
  type ServiceName,
  serviceNames,
} from '@rangeward/contracts';
import type { Broker } from './broker.ts';
import type { IncomingMessage } from './incoming-message.ts';
import type { PublishEvent } from './publish-event.ts';
import type { Why } from './settle.ts';
import { describeError } from './settle.ts';

type NoticeKind = ErrorNotification['kind'];

export type NotifyError = (kind: NoticeKind, why: Why, message: IncomingMessage, attempt: number) => Promise<void>;

const severities: Record<NoticeKind, ErrorNotification['severity']> = {
  rejected: 'warning',
  retrying: 'warning',
  degraded: 'warning',
  'given-up': 'critical',
  broken: 'critical',
};

/**
 * Tells alerts of an error, as the first and last hop: an error in handling an error notification is never told, nor
 * one in a service that may not speak of errors. Failing to tell is only logged.
 */
export function createNotifyError(
  broker: Broker,
  publish: PublishEvent,
  options: { readonly notifyErrors: boolean; readonly scrub: (text: string) => string },
): NotifyError {
  const service = serviceNames.find((name) => name === broker.service);
  if (!options.notifyErrors || service === undefined || !errorNotification.saidBy.includes(service)) {
    return async () => {};
  }
  return async (kind, why, message, attempt) => {
    if (message.stream === errorNotification.stream) return;
    const data = notice(service, kind, { ...why, message: options.scrub(why.message) }, message, attempt);
    try {
      const cause = { ...(data.runId === null ? {} : { correlationId: data.runId }), causationId: message.id };
      await publish(errorNotification, data, cause, { headers: message.headers });
    } catch (error) {
      broker.log.warn({ ...describeError(error), about: why.code }, 'an error notification could not be published');
    }
  };
}

function notice(
  service: ServiceName,
  kind: NoticeKind,
  why: Why,
  message: IncomingMessage,
  attempt: number,
): ErrorNotification {
  const runId = message.headers['ce-correlationid'] ?? '';
  return {
    service,
    severity: forgeryCodes.has(why.code) ? 'critical' : severities[kind],
    code: why.code,
    message: why.message.slice(0, 2_000),
    kind,
    chain: placeIn(message.subject, 'chain'),
    pool: placeIn(message.subject, 'pool'),
    runId: /^[0-9a-f]{32}$/.test(runId) ? runId : null,
    eventId: message.id,
    subject: message.subject,
    attempt,
    hop: 0,
  };
}

/** The token of the subject that the event's definition calls `chain` or `pool`; null for other subjects. */
function placeIn(subject: string, name: string): string | null {
  const definition = definitionOf(subject);
  if (definition === undefined) return null;
  const index = definition.address.findIndex((path) => path.split('.').at(-1) === name);
  return index === -1 ? null : (subject.split('.').at(2 + definition.name.split('.').length + index) ?? null);
}
