import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeRedis, connectRedis, type Redis } from './connect.ts';
import { defineScript } from './script.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  server = await startRedisServer();
  redis = await connectRedis({ url: server.url, commandTimeoutMs: 200 });
});
afterAll(async () => {
  if (redis !== undefined) await closeRedis(redis);
  await server?.stop();
  await provider.shutdown();
});
beforeEach(() => exporter.reset());

/** Does something within a span, and gives the spans that were made meanwhile. */
async function within(work: () => Promise<unknown>) {
  const outer = provider.getTracer('test').startSpan('outer');
  await context.with(trace.setSpan(context.active(), outer), work);
  const made = exporter.getFinishedSpans();
  for (const span of made) expect(span.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  return made;
}

test('a command is a span of its name, without what it says', async () => {
  const [span, ...others] = await within(() => redis.set('a-key', 'a-value'));
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    name: 'SET',
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'redis', 'db.operation.name': 'SET' },
    status: { code: SpanStatusCode.UNSET },
  });
  expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toMatch(/a-key|a-value/);
});

test('a script is a span of the script’s name, also while the server learns it', async () => {
  const twice = defineScript('Twice', 1, `return ARGV[1] .. ARGV[1]`);
  const spans = await within(() => twice(redis, ['k'], ['v']));
  expect(
    spans.map(({ name, attributes }) => [name, attributes['db.operation.name'], attributes['error.type']]),
  ).toEqual([
    ['Twice', 'EVALSHA', 'NOSCRIPT'],
    ['Twice', 'EVAL', undefined],
  ]);
});

test('commands of a transaction are spans too', async () => {
  const spans = await within(() => redis.multi().set('x', '1').get('x').exec());
  expect(spans.map(({ name }) => name)).toEqual(['MULTI', 'SET', 'GET', 'EXEC']);
});

test('a refusal is told by its word, a server that hangs as a time-out, and the caller hears of both', async () => {
  await redis.set('text', 'secret');
  const [refused] = await within(() => expect(redis.lpush('text', 'secret')).rejects.toThrow('WRONGTYPE'));
  expect(refused).toMatchObject({
    attributes: { 'error.type': 'WRONGTYPE' },
    status: { code: SpanStatusCode.ERROR },
  });
  expect(refused?.status.message).toBeUndefined();
  exporter.reset();
  server.kill('SIGSTOP');
  const [late] = await within(() => expect(redis.get('text')).rejects.toThrow('timed out'));
  server.kill('SIGCONT');
  expect(late?.attributes['error.type']).toBe('timeout');
});

test('outside a recording span there is none', async () => {
  await redis.get('x');
  await context.with(
    trace.setSpanContext(context.active(), { traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 }),
    () => redis.get('x'),
  );
  expect(exporter.getFinishedSpans()).toEqual([]);
});
