import { z } from 'zod';
import { defineEvent, serviceNames } from '../define-event.ts';
import { isoTime, runId } from '../quantities.ts';

export const errorNotification = defineEvent({
  name: 'error-notification',
  description: 'Something went wrong in a service. Never work for anybody: only alerts hears it.',
  stream: 'LP_ERRORS',
  saidBy: [...serviceNames.filter((name) => name !== 'alerts')],
  address: ['service'],
  schema: z.object({
    service: z.enum(serviceNames),
    severity: z.enum(['info', 'warning', 'critical']),
    code: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .describe('stable name of the cause; alerts group by it'),
    message: z.string().max(2000).describe('what happened, scrubbed of secrets'),
    kind: z.enum(['rejected', 'retrying', 'given-up', 'broken', 'degraded']),
    chain: z.string().nullable(),
    pool: z.string().nullable(),
    runId: runId.nullable(),
    eventId: z.string().nullable().describe('the message that was being handled'),
    subject: z.string().nullable(),
    attempt: z.int().positive().nullable(),
    hop: z.int().nonnegative().max(1).describe('how many error notifications led to this one'),
  }),
  key: (data) => `${data.service}/${data.code}/${data.eventId ?? ''}/${data.attempt ?? ''}`,
});
export type ErrorNotification = z.output<typeof errorNotification.schema>;

export const breakerChanged = defineEvent({
  name: 'breaker-changed',
  description: 'The circuit breaker on error events opened, half-opened or closed; while open no live plan begins.',
  stream: 'LP_EVENTS',
  saidBy: ['alerts'],
  address: ['breaker'],
  schema: z.object({
    breaker: z.string().regex(/^[a-z0-9-]{1,32}$/),
    state: z.enum(['closed', 'open', 'half-open']),
    since: isoTime('when it changed'),
    errors: z.int().nonnegative().describe('errors in the window that decided'),
    reason: z.string(),
  }),
  key: (data) => `${data.breaker}/${data.state}/${data.since}`,
});
