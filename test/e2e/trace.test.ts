import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { modelSource } from '@rangeward/cli/local/market-source';
import { runCompleted, serviceNames, type TradeExecuted, tradeExecuted } from '@rangeward/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followMarket } from './follow-market.ts';
import { type LocalSystem, openLocalSystem } from './local-system.ts';

type Span = {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  links: string[];
  attributes: Record<string, string>;
};

/** A collector that takes OTLP over HTTP as any other would, and keeps the spans. */
class Collector {
  readonly spans: Span[] = [];
  readonly metrics = new Set<string>();
  readonly server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.take(
      request.url ?? '',
      JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()),
    );
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });

  take(url: string, json: OtlpTraces & OtlpMetrics): void {
    if (url.endsWith('/v1/traces'))
      for (const resource of json.resourceSpans ?? []) this.spans.push(...spansOf(resource));
    for (const { scopeMetrics } of json.resourceMetrics ?? [])
      for (const { metrics } of scopeMetrics) for (const { name } of metrics) this.metrics.add(name);
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

type Attribute = { key: string; value: { stringValue?: string } };
type ResourceSpans = {
  resource: { attributes: Attribute[] };
  scopeSpans: {
    spans: {
      name: string;
      traceId: string;
      spanId: string;
      parentSpanId?: string;
      links?: { spanId: string }[];
      attributes?: Attribute[];
    }[];
  }[];
};
type OtlpTraces = { resourceSpans?: ResourceSpans[] };
type OtlpMetrics = { resourceMetrics?: { scopeMetrics: { metrics: { name: string }[] }[] }[] };

const plain = (attributes: Attribute[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? '']));

function spansOf({ resource, scopeSpans }: ResourceSpans): Span[] {
  const service = plain(resource.attributes)['service.name'] ?? '';
  return scopeSpans.flatMap(({ spans }) =>
    spans.map(({ name, traceId, spanId, parentSpanId = '', links = [], attributes }) => ({
      service,
      name,
      traceId,
      spanId,
      parentSpanId,
      links: links.map((link) => link.spanId),
      attributes: plain(attributes),
    })),
  );
}

const collector = new Collector();
let system: LocalSystem;

beforeAll(async () => {
  const endpoint = await collector.open();
  const market = modelSource(3);
  system = await openLocalSystem({
    market,
    halfWidthTicks: 20,
    apart: true,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
    },
  });
  await followMarket(system, market.blocks, () => {
    const [trade] = system.said(tradeExecuted);
    return system.said(runCompleted).some(({ run }) => run.id === trade?.run.id);
  });
  // Ending a service sends what it still holds.
  await system.close();
}, 240_000);

afterAll(() => collector.close());

it('a run is one connected trace through all six processes, under the run’s own id', () => {
  const [trade] = system.said(tradeExecuted) as [TradeExecuted];
  const spans = collector.spans.filter(({ traceId }) => traceId === trade.run.id);
  expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(serviceNames));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId));
  expect(roots.map(({ name, parentSpanId }) => ({ name, parentSpanId }))).toEqual([{ name: 'run', parentSpanId: '' }]);
  const steps = [
    'run-started',
    'market-observed',
    'recommendation',
    'rebalance-planned',
    'trade-executed',
    'run-completed',
  ];
  for (const step of steps) {
    const sent = spans.find(({ name }) => name.startsWith(`send lp.v1.${step}.`));
    const processed = spans.filter(({ name }) => name.startsWith(`process lp.v1.${step}.`));
    expect({ step, sent: sent?.attributes['messaging.system'] }).toEqual({ step, sent: 'nats' });
    expect({ step, under: processed.some(({ parentSpanId }) => parentSpanId === sent?.spanId) }).toEqual({
      step,
      under: true,
    });
  }
});

it('shows in the run’s trace what its services asked of the node and of Redis, under what they were doing', () => {
  const [trade] = system.said(tradeExecuted) as [TradeExecuted];
  const spans = collector.spans.filter(({ traceId }) => traceId === trade.run.id);
  const underWork = ({ parentSpanId }: Span) =>
    spans.find(({ spanId }) => spanId === parentSpanId)?.name.startsWith('process lp.v1.') === true;
  const called = (service: string, key: string, value: string, name: string) =>
    spans.some(
      (span) => span.service === service && span.attributes[key] === value && span.name === name && underWork(span),
    );
  // What was read at one block, what was signed and sent, what the limits and the ledger kept.
  const calls = [
    called('market-data', 'rpc.system', 'jsonrpc', 'eth_call'),
    called('executor', 'rpc.system', 'jsonrpc', 'eth_sendRawTransaction'),
    called('decision', 'db.system.name', 'redis', 'BudgetReserve'),
    called('scheduler', 'db.system.name', 'redis', 'RunClose'),
  ];
  expect(calls).toEqual([true, true, true, true]);
});

it('measures messages and runs', () => {
  const names = [
    'messaging.process.duration',
    'rangeward.runs',
    'rangeward.run.duration',
    'rangeward.position.value_usd',
    'rangeward.fees.collected_usd',
    'rangeward.gas.spent_usd',
  ];
  expect([...collector.metrics]).toEqual(expect.arrayContaining(names));
});
