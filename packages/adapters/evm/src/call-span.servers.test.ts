import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Anvil, startAnvil } from '@rangeward/localnet/anvil';
import { freePort } from '@rangeward/localnet/free-port';
import { getBlockNumber } from 'viem/actions';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { chainReader } from './client.ts';
import { chainsSettings } from './settings.ts';
import { openWalletClient } from './wallet-client.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
let anvil: Anvil;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  anvil = await startAnvil({ chainId: 8453 });
});
afterAll(async () => {
  await anvil?.stop();
  await provider.shutdown();
});
beforeEach(() => exporter.reset());

function of(rpcUrl: string) {
  const settings = chainsSettings.parse({ base: { chainId: 8453, rpcUrl } }).base;
  if (settings === undefined) throw new Error('the settings did not parse');
  return { name: 'base', settings };
}

/** Does something within a span, and gives the spans that were made meanwhile. */
async function within(work: () => Promise<unknown>) {
  const outer = provider.getTracer('test').startSpan('outer');
  await context.with(trace.setSpan(context.active(), outer), work);
  const made = exporter.getFinishedSpans();
  for (const span of made) expect(span.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  return made;
}

test('each call of a batch is a span of its method, of readers and of wallets', async () => {
  const reader = chainReader(of(anvil.rpcUrl));
  const wallet = openWalletClient(of(anvil.rpcUrl));
  const spans = await within(() =>
    Promise.all([reader.request('eth_chainId', []), reader.client.getGasPrice(), getBlockNumber(wallet)]),
  );
  expect(spans.map(({ name }) => name).sort()).toEqual(['eth_blockNumber', 'eth_chainId', 'eth_gasPrice']);
  const [first] = spans;
  expect(first).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
  expect(first?.attributes).toEqual({ 'rpc.system': 'jsonrpc', 'rpc.method': first?.name, chain: 'base' });
});

test('what the node refuses, and a node that is gone, are errors by their code, and nothing tells the URL', async () => {
  const secret = 'a-secret-of-the-node';
  const reader = chainReader(of(`${anvil.rpcUrl}?key=${secret}`));
  const gone = chainReader({ ...of(`http://127.0.0.1:${await freePort()}/${secret}`), retries: 0 });
  const spans = await within(() =>
    Promise.allSettled([reader.request('no_suchMethod', [secret]), gone.request('eth_chainId', [])]),
  );
  const errors = Object.fromEntries(spans.map(({ name, attributes }) => [name, attributes['error.type']]));
  expect(errors).toEqual({ no_suchMethod: 'refused', eth_chainId: 'unreachable' });
  for (const span of spans) {
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(JSON.stringify([span.name, span.attributes, span.events])).not.toMatch(/127\.0\.0\.1|a-secret/);
  }
});

test('outside a recording span there is none', async () => {
  const reader = chainReader(of(anvil.rpcUrl));
  await reader.request('eth_chainId', []);
  expect(exporter.getFinishedSpans()).toEqual([]);
});
