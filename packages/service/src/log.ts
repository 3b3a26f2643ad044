import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { createLogLineStream } from './log-line.ts';
import { createScrubber, type Scrub } from './scrub.ts';
import type { ProcessSettings } from './settings.ts';

export type { Logger } from 'pino';

export type LoggerOptions = {
  /** Name of the service; a field of every line. */
  readonly service: string;
  readonly level?: ProcessSettings['log']['level'];
  /** Values that must never be seen; see `secrets` of the loaded configuration. Or a scrubber made before. */
  readonly secrets?: readonly string[];
  readonly scrub?: Scrub;
  /** Lines for people instead of JSON; by default when the output is a terminal. */
  readonly readable?: boolean;
  readonly color?: boolean;
  /** Where lines go instead of the standard output. */
  readonly destination?: DestinationStream;
};

/**
 * A logger whose every line is scrubbed of secrets and carries `service` and the ids of the active span. Give what a
 * line is about as child fields: `log.child({ run, event })`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const scrub = options.scrub ?? createScrubber(options.secrets ?? []);
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // With its cause beside it, not run into its message.
      serializers: { err: stdSerializers.errWithCause },
      mixin: activeSpanIds,
      hooks: { streamWrite: scrub },
    },
    destinationOf(options),
  );
}

function destinationOf(options: LoggerOptions): DestinationStream {
  const out = options.destination ?? process.stdout;
  const terminal = options.destination === undefined && process.stdout.isTTY;
  if (options.readable ?? terminal) return createLogLineStream(out, options.color ?? terminal);
  // Written at once, so that the last line before a crash is not lost.
  return options.destination ?? pino.destination({ dest: 1, sync: true });
}

function activeSpanIds(): object {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { trace_id: context.traceId, span_id: context.spanId };
}
