import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, metrics, propagation, SpanKind, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { startTelemetry, type Telemetry, withRunSpan } from './telemetry.ts';

type Attribute = { key: string; value: { stringValue?: string } };
type WireSpan = { traceId: string; spanId: string; parentSpanId?: string; name: string; attributes: Attribute[] };
type Posted = { path: string; body: Record<string, unknown> };

let collector: Server;
let telemetry: Telemetry;
const posted: Posted[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      posted.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(parts).toString()) });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  telemetry = await startTelemetry({
    service: 'scheduler',
    version: '1.2.3',
    env: {
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=a%20test',
    },
  });
});
afterAll(async () => {
  await telemetry?.shutdown();
  collector?.close();
});

const runId = '0192f0c17b1a7cc08000a123456789ab';
const find = (body: unknown, key: string): unknown[] => {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, value]) => [...(name === key ? [value] : []), ...find(value, key)]);
};
const spans = () =>
  posted.filter(({ path }) => path === '/v1/traces').flatMap(({ body }) => find(body, 'spans').flat() as WireSpan[]);

test('a run is one trace whose id is the run, across a hop, and its log lines carry the ids', async () => {
  expect(telemetry.enabled).toBe(true);
  const tracer = trace.getTracer('test');
  const headers: Record<string, string> = {};
  const lines: string[] = [];
  const log = createLogger({ service: 'scheduler', destination: { write: (line) => lines.push(line) } });
  await withRunSpan('0192f0c1-7b1a-7cc0-8000-a123456789ab', { chain: 'local' }, async () => {
    await Promise.resolve();
    log.info('opened');
    const send = tracer.startSpan('send', { kind: SpanKind.PRODUCER });
    propagation.inject(trace.setSpan(context.active(), send), headers);
    send.end();
  });
  expect(headers.traceparent).toMatch(new RegExp(`^00-${runId}-[0-9a-f]{16}-01$`));
  tracer.startSpan('process', {}, propagation.extract(context.active(), headers)).end();
  await telemetry.flush();

  const [run, send, process] = ['run', 'send', 'process'].map((name) => spans().find((span) => span.name === name));
  expect(run).toMatchObject({ traceId: runId, spanId: runId.slice(16) });
  expect(run?.parentSpanId ?? '').toBe('');
  expect(send).toMatchObject({ traceId: runId, parentSpanId: run?.spanId });
  expect(process).toMatchObject({ traceId: runId, parentSpanId: send?.spanId });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'opened', trace_id: runId, span_id: runId.slice(16) });
  const resource = JSON.stringify(posted[0]?.body);
  for (const text of ['"scheduler"', '"1.2.3"', '"a test"']) expect(resource).toContain(text);
});

test('spans beside a run, and of something that is no run id, have ids of their own', async () => {
  await withRunSpan(runId, {}, async () => {});
  trace.getTracer('test').startSpan('beside', { root: true }).end();
  await withRunSpan('not-a-run', {}, async () => {});
  await telemetry.flush();
  expect(spans().find((span) => span.name === 'beside')?.traceId).not.toBe(runId);
  expect(spans().filter((span) => span.name === 'run' && span.traceId !== runId)).toHaveLength(1);
});

test('a failure goes through and is marked on the span by its kind, without its words', async () => {
  const failing = withRunSpan(runId, { chain: 'failing' }, () => Promise.reject(new Error('no stream')));
  await expect(failing).rejects.toThrow('no stream');
  await telemetry.flush();
  const told = JSON.stringify(spans());
  expect(told).toContain('{"key":"error.type","value":{"stringValue":"Error"}}');
  expect(told).toContain('"status":{"code":2}');
  expect(told).not.toContain('no stream');
});

test('metrics arrive too', async () => {
  metrics.getMeter('test').createCounter('runs.opened').add(3, { chain: 'local' });
  await telemetry.flush();
  const bodies = posted.filter(({ path }) => path === '/v1/metrics').map(({ body }) => JSON.stringify(body));
  expect(bodies.some((body) => body.includes('runs.opened') && body.includes('"local"'))).toBe(true);
});

test('a collector that is gone fails nobody', async () => {
  await new Promise((resolve) => {
    collector.close(resolve);
    collector.closeAllConnections();
  });
  await withRunSpan(runId, {}, async () => {});
  await telemetry.flush();
  await telemetry.shutdown();
  expect(trace.getTracer('after').startSpan('x').isRecording()).toBe(false);
});
