import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ChainErrorCode } from './chain-error.ts';

// Without an SDK it gives spans that do nothing.
const tracer = trace.getTracer('@rangeward/adapter-evm');

/**
 * Begins the span of one JSON-RPC call, named for its method; who called ends it. It never carries the URL, parameters or
 * answer. Undefined where no recording span is active: polling makes no traces of its own, and where telemetry is off
 * this is one look.
 */
export function startCallSpan(chain: string, method: string): Span | undefined {
  if (!trace.getActiveSpan()?.isRecording()) return undefined;
  return tracer.startSpan(method, {
    kind: SpanKind.CLIENT,
    attributes: { 'rpc.system': 'jsonrpc', 'rpc.method': method, chain },
  });
}

/** Marks the call as failed, by the code alone: what the node says may quote anything. */
export function markFailed(span: Span | undefined, code: ChainErrorCode): void {
  span?.setStatus({ code: SpanStatusCode.ERROR });
  span?.setAttribute('error.type', code);
}
