import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { gasTrigger, volatilityTrigger } from '@rangeward/contracts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, startBusWorld } from '../test/bus-world.ts';
import { on } from './bus.ts';

const exporter = new InMemorySpanExporter();
const sdk = new NodeSDK({ spanProcessors: [new SimpleSpanProcessor({ exporter })], metricReaders: [] });
let world: BusWorld;

beforeAll(async () => {
  sdk.start();
  world = await startBusWorld('nats-server');
});
afterAll(async () => {
  await world.stop();
  await sdk.shutdown();
});

it('makes one trace of a run across two services, whose id is the run’s', async () => {
  const pool = aPool();
  const runId = '0198f0000000700080000000000000ab';
  const scheduler = await world.open('scheduler');
  const signal = await world.open('signal');
  const ends: string[] = [];
  await scheduler.consume(aConsumer(pool), [
    on(gasTrigger, async ({ data }, context) => {
      const { chain, block, blockHash, blockTime } = data;
      const measured = { realisedAnnual: 1, normalAnnual: 0.5, ratio: 2, thresholdRatio: 1.5 };
      const event = { chain, pool, block, blockHash, blockTime, ...measured };
      await context.publish(volatilityTrigger, event, { correlationId: runId });
    }),
  ]);
  const second = aConsumer(pool, {
    durable: `second-${pool.slice(2, 8)}`,
    filter: `lp.v1.trigger.volatility.local.${pool}`,
  });
  await signal.consume(second, [
    on(volatilityTrigger, async ({ envelope }) => {
      ends.push(envelope.id);
      throw new Error('only the first time');
    }),
  ]);
  await scheduler.publish(gasTrigger, aGasTrigger(pool));
  await vi.waitFor(() => expect(spansOf(`process lp.v1.trigger.volatility.{chain}.{pool}`).length).toBeGreaterThan(0));

  const [trigger] = spansOf('process lp.v1.trigger.gas.{chain}.{pool}');
  const [send] = spansOf('send lp.v1.trigger.volatility.{chain}.{pool}');
  const [process] = spansOf('process lp.v1.trigger.volatility.{chain}.{pool}');
  const [begin] = spansOf('send lp.v1.trigger.gas.{chain}.{pool}');
  expect(trigger!.spanContext().traceId).toBe(begin!.spanContext().traceId);
  expect(trigger!.parentSpanContext?.spanId).toBe(begin!.spanContext().spanId);
  expect(send!.spanContext().traceId).toBe(runId);
  expect(send!.links[0]?.context.spanId).toBe(trigger!.spanContext().spanId);
  expect(process!.spanContext().traceId).toBe(runId);
  expect(process!.parentSpanContext?.spanId).toBe(send!.spanContext().spanId);
  expect(process!.links[0]?.context.spanId).toBe(send!.spanContext().spanId);
  expect(process!.attributes).toMatchObject({
    'messaging.system': 'nats',
    'messaging.destination.name': `lp.v1.trigger.volatility.local.${pool}`,
    'messaging.destination.template': 'lp.v1.trigger.volatility.{chain}.{pool}',
    'messaging.message.id': ends[0],
    'messaging.message.conversation_id': runId,
    'messaging.consumer.group.name': second.durable,
    'error.type': 'handler-error',
  });
});

function spansOf(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}
