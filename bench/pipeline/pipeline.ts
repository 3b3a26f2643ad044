import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePort } from '@rangeward/localnet/free-port';
import { startNatsServer } from '@rangeward/localnet/nats-server';
import { startRedisServer } from '@rangeward/localnet/redis-server';
import { startChild } from '../child.ts';
import type { Bench, BenchContext, Figure } from '../figure.ts';
import { type Opened, withOpened } from '../opened.ts';
import { median } from '../statistics.ts';
import { startBullChain } from './bull-chain.ts';
import { type Line, measureLatency, measureThroughput, p50 } from './drive.ts';
import { type OurRun, startOurRun, weighMessages } from './our-run.ts';
import { runMessages, startRawChain, startRawRun } from './raw-chain.ts';

const ROUNDS = 3;
const IN_FLIGHT = 256;
const EVENT_BYTES = 350;
const SAMPLES = { count: 120, warm: 30 };
const WARM_MS = 3_000;
const LOAD = { inFlight: IN_FLIGHT, warmMs: 700, measureMs: 2_000 };
/** An hour of candles keeps events small; the default look-back, a day, is measured beside it. */
const SHORT_LOOKBACK_S = 3_600;
const DEFAULT_LOOKBACK_S = 86_400;
/** Deliveries of one run: the five hops, eight to the ledger, one to alerts. */
const DELIVERIES = 14;

export const pipeline: Bench = {
  name: 'pipeline',
  about: 'a run from trigger to trade-executed through all six services, without chain time',
  run: (context) => withOpened((opened) => measurePipeline(opened, context)),
};

type Lines = {
  readonly ours: Line;
  readonly traced: Line;
  readonly day: Line;
  readonly raw: Line;
  readonly rawRun: Line;
  readonly bull: Line;
};

async function measurePipeline(opened: Opened, { say }: BenchContext): Promise<readonly Figure[]> {
  const lines = await startLines(opened, say);
  // A compiler that has not seen the code yet would be measured otherwise.
  for (const line of Object.values(lines)) await measureThroughput(line, { ...LOAD, measureMs: WARM_MS });
  const latencies = await inRounds(lines, ['ours', 'day', 'raw', 'rawRun', 'bull'], async (line) =>
    p50(await measureLatency(line, SAMPLES.count, SAMPLES.warm)),
  );
  say(`one in flight, p50 ms: ${JSON.stringify(latencies)}`);
  const loads = await inRounds(lines, ['ours', 'traced', 'day', 'raw', 'rawRun', 'bull'], (line) =>
    measureThroughput(line, LOAD),
  );
  say(`${IN_FLIGHT} in flight, a second: ${JSON.stringify(loads)}`);
  return figuresOf(latencies, loads);
}

async function startLines(opened: Opened, say: BenchContext['say']): Promise<Lines> {
  const { run: ours, nats } = await startWorld(opened, { lookbackS: SHORT_LOOKBACK_S });
  const sizes = await weighMessages(ours);
  const total = runMessages.reduce((sum, name) => sum + sizes[name], 0);
  say(`bytes of a run's messages: ${JSON.stringify(sizes)}, together ${total}`);
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  opened.onClose(() => nc.close());
  const raw = await startRawChain(opened, nc, nats.url, EVENT_BYTES);
  const rawRun = await startRawRun(opened, nc, nats.url, sizes);
  const sinkPort = await freePort();
  await opened.add(startChild('./otlp-sink.ts', import.meta.url, { task: { port: sinkPort } }));
  const otlp = `http://127.0.0.1:${sinkPort}`;
  const traced = await startWorld(opened, { lookbackS: SHORT_LOOKBACK_S, otlp });
  const day = await startWorld(opened, { lookbackS: DEFAULT_LOOKBACK_S });
  const bull = await startBullChain(opened, day.redis, EVENT_BYTES);
  return { ours: ours.line, traced: traced.run.line, day: day.run.line, raw, rawRun, bull };
}

async function startWorld(opened: Opened, options: { lookbackS: number; otlp?: string }) {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-bench-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  const nats = await opened.add(startNatsServer());
  const redis = await opened.add(startRedisServer());
  const run: OurRun = await startOurRun(opened, { nats, redis, folder, positions: IN_FLIGHT, ...options });
  return { run, nats, redis };
}

/** Each line in turn, round after round, so that whatever else the machine does meets all of them; the medians. */
async function inRounds<Name extends keyof Lines>(
  lines: Lines,
  names: readonly Name[],
  measure: (line: Line) => Promise<number>,
): Promise<Record<Name, number>> {
  const found = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) found.get(name)?.push(await measure(lines[name]));
  }
  // Every name was measured in every round.
  return Object.fromEntries([...found].map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}

type Latencies = Record<'ours' | 'day' | 'raw' | 'rawRun' | 'bull', number>;
type Loads = Record<keyof Lines, number>;

function figuresOf(latency: Latencies, load: Loads): readonly Figure[] {
  const rawChain = (value: number) => ({ name: 'raw JetStream, 5 hops', value });
  const rawRun = (value: number) => ({ name: 'raw JetStream, the run’s messages', value });
  const bull = (value: number) => ({ name: 'BullMQ, 5 hops', value });
  const loaded = `${IN_FLIGHT} in flight`;
  return [
    {
      name: 'run, one in flight, p50',
      unit: 'ms',
      ours: latency.ours,
      reference: rawChain(latency.raw),
      goal: { of: 'ratio', better: 'less', reach: 2.5, stretch: 1.7 },
    },
    { name: 'run, one in flight, p50', unit: 'ms', ours: latency.ours, reference: rawRun(latency.rawRun), goal: null },
    { name: 'run with a day of candles', unit: 'ms', ours: latency.day, reference: rawChain(latency.raw), goal: null },
    { name: 'run, one in flight, p50', unit: 'ms', ours: latency.ours, reference: bull(latency.bull), goal: null },
    {
      name: `run, ${loaded}`,
      unit: 'runs/s',
      ours: load.ours,
      reference: rawRun(load.rawRun),
      goal: { of: 'ratio', better: 'more', reach: 0.5, stretch: 0.75 },
    },
    {
      name: `messages handled, ${loaded}`,
      unit: 'msgs/s',
      ours: load.ours * DELIVERIES,
      reference: rawChain(load.raw * 5),
      goal: null,
    },
    { name: `run, ${loaded}`, unit: 'runs/s', ours: load.ours, reference: rawChain(load.raw), goal: null },
    { name: `run with a day of candles`, unit: 'runs/s', ours: load.day, reference: rawRun(load.rawRun), goal: null },
    {
      name: `messages handled, ${loaded}`,
      unit: 'msgs/s',
      ours: load.ours * DELIVERIES,
      reference: bull(load.bull * 5),
      goal: { of: 'ratio', better: 'more', reach: 3, stretch: 5 },
    },
    {
      name: `telemetry on, ${loaded}`,
      unit: 'runs/s',
      ours: load.traced,
      reference: { name: 'off', value: load.ours },
      goal: { of: 'ratio', better: 'more', reach: 0.75, stretch: 0.9 },
    },
  ];
}
