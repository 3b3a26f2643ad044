import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { RunResult } from '@rangeward/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMeasureRun, type MeasureRun } from './measure-run.ts';

const result: RunResult = {
  runId: 'c0ffee'.padEnd(32, '0'),
  status: 'completed',
  trigger: 'price-breach',
  chain: 'base',
  pool: `0x${'a'.repeat(40)}`,
  position: 'main',
  tokenId: 5n,
  mode: 'live',
  startedAt: '2026-01-05T00:00:00.000Z',
  completedAt: '2026-01-05T00:00:01.500Z',
  durationMs: 1_500,
  block: 1,
  vwapPriorCenterUsdE6: 3,
  modelDirection: null,
  modelConfidence: null,
  posteriorCenterUsdE6: 3,
  recommendedTickLower: -10,
  recommendedTickUpper: 10,
  decision: 'rebalance',
  decisionReason: 'out of range',
  planId: 'f'.repeat(64),
  outcome: 'confirmed',
  txHashes: [`0x${'e'.repeat(64)}`],
  gasUsed: 800_000n,
  gasUsdE6: 250_000,
  executionError: null,
  newTokenId: 6n,
  positionValueBeforeUsdE6: 1_000_000_000,
  positionValueAfterUsdE6: 999_500_000,
  hodlUsdE6: 1,
  feesCollected0: 1n,
  feesCollected1: 2n,
  feesCollectedUsdE6: 1_250_000,
  failure: null,
  requestCorrelationId: null,
};
const held = { decision: 'hold', outcome: null, planId: null, gasUsdE6: null, feesCollectedUsdE6: null } as const;

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
let measure: MeasureRun;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  metrics.setGlobalMeterProvider(provider);
  measure = createMeasureRun(({ chain, pool }) => (chain === 'base' && pool === result.pool ? 'weth-usdc' : undefined));
});
afterEach(async () => {
  await provider.shutdown();
  metrics.disable();
});

/** By metric name: its unit and its points, each with labels and value; a histogram's value is its sum. */
async function read() {
  await provider.forceFlush();
  const [resource] = exporter.getMetrics().slice(-1);
  const all = (resource?.scopeMetrics ?? []).flatMap((scope) => scope.metrics);
  return Object.fromEntries(
    all.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      {
        unit: descriptor.unit,
        points: dataPoints.map(({ attributes, value }) => ({
          labels: attributes,
          value: typeof value === 'number' ? value : value.sum,
        })),
      },
    ]),
  );
}

const place = { chain: 'base', pool: 'weth-usdc', position: 'main', mode: 'live' };
const run = { ...place, trigger: 'price-breach', status: 'completed', decision: 'rebalance' };

it('measures a live rebalance: its time, its end, the position’s value, what it earned and what it cost', async () => {
  measure(result);
  expect(await read()).toEqual({
    'rangeward.runs': { unit: '{run}', points: [{ labels: { ...run, outcome: 'confirmed' }, value: 1 }] },
    'rangeward.run.duration': { unit: 's', points: [{ labels: run, value: 1.5 }] },
    'rangeward.position.value_usd': { unit: '{USD}', points: [{ labels: place, value: 999.5 }] },
    'rangeward.fees.collected_usd': { unit: '{USD}', points: [{ labels: run, value: 1.25 }] },
    'rangeward.gas.spent_usd': { unit: '{USD}', points: [{ labels: run, value: 0.25 }] },
  });
});

it('adds up what is counted, keeps the latest value, and makes no series for a run', async () => {
  measure(result);
  measure({
    ...result,
    runId: 'd'.repeat(32),
    txHashes: [`0x${'d'.repeat(64)}`],
    positionValueAfterUsdE6: 998_000_000,
  });
  const points = await read();
  expect(points['rangeward.runs']?.points).toEqual([{ labels: { ...run, outcome: 'confirmed' }, value: 2 }]);
  expect(points['rangeward.run.duration']?.points).toEqual([{ labels: run, value: 3 }]);
  expect(points['rangeward.position.value_usd']?.points).toEqual([{ labels: place, value: 998 }]);
  expect(points['rangeward.fees.collected_usd']?.points).toEqual([{ labels: run, value: 2.5 }]);
});

it('takes the value from before when nothing was changed, and begins the counters at 0', async () => {
  measure({ ...result, ...held, positionValueAfterUsdE6: null });
  const points = await read();
  const labels = { ...run, decision: 'hold' };
  expect(points['rangeward.position.value_usd']?.points).toEqual([{ labels: place, value: 1_000 }]);
  expect(points['rangeward.gas.spent_usd']?.points).toEqual([{ labels, value: 0 }]);
  expect(points['rangeward.runs']?.points).toEqual([{ labels: { ...labels, outcome: 'none' }, value: 1 }]);
});

it('says of paper no money earned or spent', async () => {
  measure({ ...result, mode: 'paper', outcome: 'simulated' });
  expect(Object.keys(await read()).sort()).toEqual([
    'rangeward.position.value_usd',
    'rangeward.run.duration',
    'rangeward.runs',
  ]);
});

it('counts the gas of a failed run, and says nothing of a value that is not known', async () => {
  const failed = { status: 'failed', outcome: 'reverted', feesCollectedUsdE6: null } as const;
  measure({ ...result, ...failed, positionValueBeforeUsdE6: null, positionValueAfterUsdE6: null });
  const points = await read();
  expect(points['rangeward.gas.spent_usd']?.points).toEqual([{ labels: { ...run, status: 'failed' }, value: 0.25 }]);
  expect(points['rangeward.position.value_usd']).toBeUndefined();
});

it('counts the opinions of a model by their confidence, and names a pool that is not configured by its address', async () => {
  measure({ ...result, chain: 'other', modelDirection: 'up', modelConfidence: 'high' });
  const labels = { ...place, chain: 'other', pool: result.pool, trigger: 'price-breach', confidence: 'high' };
  expect((await read())['rangeward.model.opinions']).toEqual({ unit: '{opinion}', points: [{ labels, value: 1 }] });
});
