import { context, DiagLogLevel, diag, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { LifeLog } from './life.ts';
import { forcedIds } from './run-trace-ids.ts';
import type { Telemetry, TelemetryOptions } from './telemetry.ts';

/** Loaded only when telemetry is on; see telemetry.ts. */
export function startSdk(options: TelemetryOptions & { readonly endpoint: string }): Telemetry {
  if (options.log !== undefined) hearTroubles(options.log);
  const resource = resourceFromAttributes({
    ...attributesOf(options.env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    [ATTR_SERVICE_NAME]: options.service,
    ...(options.version === undefined ? {} : { [ATTR_SERVICE_VERSION]: options.version }),
  });
  // A collector that is gone must not hold a process that was asked to end.
  const timeoutMillis = positive(options.env.OTEL_EXPORTER_OTLP_TIMEOUT) ?? 3_000;
  const traces = new TracerProvider({
    resource,
    idGenerator: runIdGenerator(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: urlOf('traces', options), timeoutMillis }),
        // A burst of hops is kept rather than dropped.
        maxQueueSize: 16_384,
        maxExportBatchSize: 1_024,
        scheduledDelayMillis: positive(options.env.OTEL_BSP_SCHEDULE_DELAY) ?? 1_000,
      }),
    ],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: urlOf('metrics', options), timeoutMillis }),
        exportIntervalMillis: positive(options.env.OTEL_METRIC_EXPORT_INTERVAL) ?? 15_000,
        exportTimeoutMillis: Math.min(
          timeoutMillis,
          positive(options.env.OTEL_METRIC_EXPORT_INTERVAL) ?? timeoutMillis,
        ),
      }),
    ],
  });
  register(traces, meters);
  const both = (step: 'forceFlush' | 'shutdown') => async () => {
    for (const outcome of await Promise.allSettled([traces[step](), meters[step]()])) {
      if (outcome.status === 'rejected') diag.warn(`telemetry ${step}: ${String(outcome.reason)}`);
    }
  };
  const flush = both('forceFlush');
  const end = both('shutdown');
  return {
    enabled: true,
    flush,
    shutdown: async () => {
      await end();
      for (const api of [trace, metrics, context, propagation, diag]) api.disable();
    },
  };
}

function register(traces: TracerProvider, meters: MeterProvider): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(traces);
  metrics.setGlobalMeterProvider(meters);
}

function runIdGenerator() {
  const random = new RandomIdGenerator();
  return {
    generateTraceId: () => forcedIds()?.traceId ?? random.generateTraceId(),
    generateSpanId: () => forcedIds()?.spanId ?? random.generateSpanId(),
  };
}

function urlOf(
  signal: 'traces' | 'metrics',
  { env, endpoint }: TelemetryOptions & { readonly endpoint: string },
): string {
  const own = env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`] ?? '';
  return own === '' ? `${endpoint.replace(/\/$/, '')}/v1/${signal}` : own;
}

/** `key=value,key=value` with percent-encoded values, as OTEL_RESOURCE_ATTRIBUTES has it. */
function attributesOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  return Object.fromEntries(
    pairs.flatMap(([key, value]) =>
      key && value !== undefined ? [[key.trim(), decodeURIComponent(value.trim())]] : [],
    ),
  );
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

function hearTroubles(log: LifeLog): void {
  const tell = (message: string, ...details: unknown[]) =>
    log.warn({ details: details.map(String) }, `telemetry: ${message}`);
  diag.setLogger({ error: tell, warn: tell, info: () => {}, debug: () => {}, verbose: () => {} }, DiagLogLevel.WARN);
}
