import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { LifeLog } from './life.ts';
import { withForcedIds } from './run-trace-ids.ts';

export type TelemetryOptions = {
  readonly service: string;
  readonly version?: string;
  /** OTEL_* variables as the configuration hands them on (`environment`). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the SDK's own troubles are told. */
  readonly log?: LifeLog;
};

export type Telemetry = {
  readonly enabled: boolean;
  /** Sends what is waiting. Never throws: telemetry is not worth a failure. */
  flush(): Promise<void>;
  /** Sends what is waiting and ends. */
  shutdown(): Promise<void>;
};

const off: Telemetry = { enabled: false, flush: async () => {}, shutdown: async () => {} };

/**
 * Sends traces and metrics over OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT is set. Without it nothing is loaded: the
 * SDK would double a service's start time and memory. Headers, compression and time-outs of the exporters are the SDK's
 * own OTEL_EXPORTER_OTLP_* variables.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { env } = options;
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  if (endpoint === '' || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return off;
  const { startSdk } = await import('./telemetry-sdk.ts');
  return startSdk({ ...options, endpoint });
}

const tracer = trace.getTracer('@rangeward/service');

/**
 * Begins the root span of a run. Its trace id is the run id (a UUIDv7, with or without dashes) and its span id the run
 * id's last half, which is what senders take for the parent of a run's messages. Does nothing without the SDK.
 */
export function startRunSpan(runId: string, attributes: Attributes = {}): Span {
  const traceId = runId.replaceAll('-', '').toLowerCase();
  const start = () =>
    tracer.startSpan(
      'run',
      {
        root: true,
        kind: SpanKind.INTERNAL,
        attributes: { ...attributes, 'messaging.message.conversation_id': traceId },
      },
      context.active(),
    );
  return withForcedIds({ traceId, spanId: traceId.slice(16) }, start);
}

/** Does something as the beginning of a run: within the run's root span, which ends with it. */
export async function withRunSpan<T>(
  runId: string,
  attributes: Attributes,
  begin: (span: Span) => Promise<T>,
): Promise<T> {
  const span = startRunSpan(runId, attributes);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => begin(span));
  } catch (error) {
    // Its kind alone: an error's text may hold a secret, and what leaves in a span passes no scrubber.
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    throw error;
  } finally {
    span.end();
  }
}
