import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  isSpanContextValid,
  type Link,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type EventDefinition, subjectTemplate } from '@rangeward/contracts';
import { headerOf } from './incoming-message.ts';

const SCOPE = '@rangeward/adapter-nats';
// Without an SDK both give objects that do nothing.
const tracer = trace.getTracer(SCOPE);

/** Made once the SDK, if any, is registered: an instrument made before stays silent for ever. */
export function createProcessHistogram(): Histogram {
  return metrics.getMeter(SCOPE).createHistogram('messaging.process.duration', {
    unit: 's',
    description: 'time from the delivery of a message to its settlement',
    // The bounds that the messaging conventions advise; those of the SDK are meant for milliseconds.
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  });
}

const templates = new WeakMap<EventDefinition, string>();

/** `lp.v1.tick.{chain}.{pool}`, made once for each definition. */
export function templateOf(definition: EventDefinition): string {
  const known = templates.get(definition);
  if (known !== undefined) return known;
  const template = subjectTemplate(definition);
  templates.set(definition, template);
  return template;
}

/**
 * Begins the span `send <template>` and puts its trace context into `headers`. An event of a run is part of the run's
 * trace, whose id is the run's; what was going on before is linked. Without an SDK the sender's own trace context, if
 * it came with one, is passed on.
 */
export function startSend(
  definition: EventDefinition,
  message: { subject: string; id: string; headers: Record<string, string> },
  runId: string | undefined,
  incoming: Readonly<Record<string, string>> | undefined,
): Span {
  const active = context.active();
  const parent = contextOfRun(active, runId);
  const template = templateOf(definition);
  const links = parent === active ? [] : linkTo(active);
  const span = tracer.startSpan(`send ${template}`, { kind: SpanKind.PRODUCER, links }, parent);
  if (span.isRecording()) {
    span.setAttributes({
      'messaging.system': 'nats',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': message.subject,
      'messaging.destination.template': template,
      'messaging.message.id': message.id,
      ...(runId ? { 'messaging.message.conversation_id': runId } : {}),
    });
  }
  propagation.inject(trace.setSpan(parent, span), message.headers);
  if (message.headers.traceparent === undefined && incoming !== undefined) passOn(incoming, message.headers);
  return span;
}

function passOn(incoming: Readonly<Record<string, string>>, headers: Record<string, string>): void {
  for (const name of ['traceparent', 'tracestate']) {
    const value = headerOf(incoming, name);
    if (value !== '') headers[name] = value;
  }
}

const RUN_ID = /^[0-9a-f]{32}$/;

/**
 * The active context when it is in the run's trace already, else one whose trace id is the run's: "the trace of this
 * run" needs no look-up. The parent's span id is derived from the run id, so that all who begin in it agree.
 */
function contextOfRun(active: Context, runId: string | undefined): Context {
  if (runId === undefined || !RUN_ID.test(runId)) return active;
  if (trace.getSpanContext(active)?.traceId === runId) return active;
  const root = { traceId: runId, spanId: runId.slice(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(root) ? trace.setSpanContext(active, root) : active;
}

function linkTo(active: Context): Link[] {
  const spanContext = trace.getSpanContext(active);
  return spanContext !== undefined && isSpanContextValid(spanContext) ? [{ context: spanContext }] : [];
}

/** Ends a span of ours, with the error when there is one. */
export function endSpan(span: Span, error?: unknown): void {
  if (error !== undefined && span.isRecording()) {
    // Its kind alone: an error's text may hold a secret, and what leaves in a span passes no scrubber. The log has the text.
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
  }
  span.end();
}

type Processing = { readonly span: Span; readonly context: Context };

/** Begins the span `process <template>`: child of the producer's, and linked to it. */
export function startProcess(
  template: string,
  message: { subject: string; id: string; headers: Readonly<Record<string, string>> },
  consumer: string,
): Processing {
  const parent = propagation.extract(ROOT_CONTEXT, message.headers);
  const span = tracer.startSpan(`process ${template}`, { kind: SpanKind.CONSUMER, links: linkTo(parent) }, parent);
  if (span.isRecording()) {
    const runId = message.headers['ce-correlationid'];
    span.setAttributes({
      'messaging.system': 'nats',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': message.subject,
      'messaging.destination.template': template,
      'messaging.message.id': message.id,
      'messaging.consumer.group.name': consumer,
      ...(runId ? { 'messaging.message.conversation_id': runId } : {}),
    });
  }
  return { span, context: trace.setSpan(parent, span) };
}

/** Metric attributes of few kinds, made once each: consumer, template, outcome. */
export function createProcessAttributes(consumer: string): (template: string, outcome: string) => Attributes {
  const known = new Map<string, Attributes>();
  return (template, outcome) => {
    const key = `${template} ${outcome}`;
    let attributes = known.get(key);
    if (attributes === undefined) {
      attributes = {
        'messaging.system': 'nats',
        'messaging.operation.name': 'process',
        'messaging.destination.template': template,
        'messaging.consumer.group.name': consumer,
        ...(outcome === 'ack' ? {} : { 'error.type': outcome }),
      };
      known.set(key, attributes);
    }
    return attributes;
  };
}
