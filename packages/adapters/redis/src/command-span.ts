import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Redis } from 'ioredis';
import { scriptNameOf } from './script.ts';

// Without an SDK it gives spans that do nothing.
const tracer = trace.getTracer('@rangeward/adapter-redis');

type Sent = Parameters<Redis['sendCommand']>[0];

/**
 * Makes a span of each command of this connection: `RunClose` for a script, `GET` for a command, and nothing of its keys
 * and values. Only where a recording span is active, so that what runs beside the runs makes no traces of its own, and
 * that it costs one look where telemetry is off. A command that is sent again after a reconnection has its first span.
 */
export function traceCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...given) => {
    const answer = send(...given);
    if (trace.getActiveSpan()?.isRecording()) traceCommand(given[0]);
    return answer;
  };
}

function traceCommand(command: Sent): void {
  const operation = command.name.toUpperCase();
  const script = scriptNameOf(operation, command.args[0]);
  const span = tracer.startSpan(script ?? operation, {
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': 'redis',
      'db.operation.name': operation,
      ...(script === undefined ? {} : { 'db.stored_procedure.name': script }),
    },
  });
  // The caller hears of the failure by itself; here it only marks the span.
  command.promise.then(
    () => span.end(),
    (error: unknown) => {
      // Without the message: it may quote what was sent.
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute('error.type', errorTypeOf(error));
      span.end();
    },
  );
}

/** Redis begins its errors with a word such as WRONGTYPE; ioredis' own time-out has neither code nor name. */
function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.message === 'Command timed out') return 'timeout';
  const [word] = /^[A-Z]{2,}(?= )/.exec(error.message) ?? [];
  return word ?? ('code' in error ? String(error.code) : error.name);
}
