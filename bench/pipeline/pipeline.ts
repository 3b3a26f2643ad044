import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePort } from '@rangeward/localnet/free-port';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { startChild } from '../child.ts';
import type { Bench, BenchContext, Figure } from '../figure.ts';
import { type Opened, withOpened } from '../opened.ts';
import { median } from '../statistics.ts';
import { startBullChain } from './bull-chain.ts';
import { type Line, measureLatency, measureThroughput, p50 } from './drive.ts';
import { type OurRun, startOurRun, timeMessages, weighMessages } from './our-run.ts';
import { HOPS, runMessages, startRawChain, startRawRun } from './raw-chain.ts';

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

async function measurePipeline(opened: Opened, context: BenchContext): Promise<readonly Figure[]> {
  const ours = await startWorld(opened, { lookbackS: SHORT_LOOKBACK_S });
  await warm([ours.line]);
  const beside = await withOpened((inner) => besideRawChains(inner, ours, context));
  const telemetry = await withOpened((inner) => besideTelemetry(inner, ours, context));
  const day = await withOpened((inner) => withDayOfCandles(inner, context));
  return figuresOf({ ...beside, ...telemetry, ...day });
}

type World = Measured & { readonly run: OurRun; readonly nats: NatsServer; readonly redis: RedisServer };
/** A line, and the processes that do its work. */
type Measured = { readonly line: Line; readonly pids: readonly number[] };

async function besideRawChains(opened: Opened, ours: World, { say }: BenchContext) {
  const { nats, redis, run } = ours;
  const sizes = await weighMessages(run);
  const total = runMessages.reduce((sum, name) => sum + sizes[name], 0);
  say(`bytes of a run's messages: ${JSON.stringify(sizes)}, together ${total}`);
  say(`ms from the trigger to each message: ${JSON.stringify(await timeMessages(run, 50))}`);
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  opened.onClose(() => nc.close());
  const raw = await startRawChain(opened, nc, nats.url, EVENT_BYTES);
  const rawRun = await startRawRun(opened, nc, nats.url, sizes);
  const bull = await startBullChain(opened, redis, EVENT_BYTES);
  const together = await startWorld(opened, { lookbackS: SHORT_LOOKBACK_S, together: true });
  const lines = {
    ours,
    together,
    raw: { line: raw.line, pids: [...raw.pids, nats.pid] },
    rawRun: { line: rawRun.line, pids: [...rawRun.pids, nats.pid] },
    bull: { line: bull, pids: [] },
  };
  await warm([together.line, raw.line, rawRun.line, bull]);
  const latency = await inRounds(lines, ({ line }) => latencyOf(line));
  say(`one in flight, p50 ms: ${JSON.stringify(latency)}`);
  const cpu = new Map<string, number[]>();
  const load = await inRounds(lines, async ({ line, pids }, name) => {
    const before = cpuMs(pids);
    const { perSecond, over } = await measureThroughput(line, LOAD);
    cpu.set(name, [...(cpu.get(name) ?? []), (cpuMs(pids) - before) / over]);
    return perSecond;
  });
  say(`${IN_FLIGHT} in flight, a second: ${JSON.stringify(load)}`);
  const cpuOf = (name: string) => median(cpu.get(name) ?? []);
  return { latency, load, cpu: { ours: cpuOf('ours'), rawRun: cpuOf('rawRun') } };
}

async function besideTelemetry(opened: Opened, ours: World, { say }: BenchContext) {
  const port = await freePort();
  await opened.add(startChild('./otlp-sink.ts', import.meta.url, { task: { port } }));
  const traced = await startWorld(opened, { lookbackS: SHORT_LOOKBACK_S, otlp: `http://127.0.0.1:${port}` });
  await warm([traced.line]);
  const telemetry = await inRounds({ on: traced, off: ours }, async ({ line }) => loadOf(line));
  say(`${IN_FLIGHT} in flight, telemetry on and off: ${JSON.stringify(telemetry)}`);
  return { telemetry };
}

async function withDayOfCandles(opened: Opened, { say }: BenchContext) {
  const world = await startWorld(opened, { lookbackS: DEFAULT_LOOKBACK_S });
  await warm([world.line]);
  const day = { latency: await latencyOf(world.line), load: await loadOf(world.line) };
  say(`with a day of candles: ${JSON.stringify(day)}`);
  return { day };
}

type WorldOptions = { readonly lookbackS: number; readonly otlp?: string; readonly together?: boolean };

async function startWorld(opened: Opened, options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-bench-'));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  const nats = await opened.add(startNatsServer());
  const redis = await opened.add(startRedisServer());
  const run = await startOurRun(opened, { nats, redis, folder, positions: IN_FLIGHT, ...options });
  return { run, line: run.line, pids: [...run.pids, nats.pid, redis.pid], nats, redis };
}

/** A compiler that has not seen the code yet would be measured otherwise. */
async function warm(lines: readonly Line[]): Promise<void> {
  for (const line of lines) await measureThroughput(line, { ...LOAD, measureMs: WARM_MS });
}

async function latencyOf(line: Line): Promise<number> {
  return p50(await measureLatency(line, SAMPLES.count, SAMPLES.warm));
}

async function loadOf(line: Line): Promise<number> {
  return (await measureThroughput(line, LOAD)).perSecond;
}

/** Each in turn, round after round, so that whatever else the machine does meets all of them; the medians. */
async function inRounds<Name extends string>(
  lines: Readonly<Record<Name, Measured>>,
  measure: (measured: Measured, name: Name) => Promise<number>,
): Promise<Record<Name, number>> {
  // The names of a literal's fields.
  const names = Object.keys(lines) as Name[];
  const found = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) found.get(name)?.push(await measure(lines[name], name));
  }
  // Every name was measured in every round.
  return Object.fromEntries([...found].map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}

/** Processor time that processes have used, all their threads, milliseconds. */
function cpuMs(pids: readonly number[]): number {
  // After the name in brackets, which may hold spaces; user and system time in hundredths of a second.
  const ticks = pids.map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []);
  return ticks.reduce((sum, fields) => sum + (Number(fields[11]) + Number(fields[12])) * 10, 0);
}

type Measurements = Awaited<ReturnType<typeof besideRawChains>> &
  Awaited<ReturnType<typeof besideTelemetry>> &
  Awaited<ReturnType<typeof withDayOfCandles>>;

function figuresOf({ latency, load, cpu, telemetry, day }: Measurements): readonly Figure[] {
  const rawChain = (value: number) => ({ name: 'raw JetStream, 5 hops', value });
  const rawRun = (value: number) => ({ name: 'raw JetStream, the run’s messages', value });
  const loaded = `${IN_FLIGHT} in flight`;
  const first = { name: 'run, one in flight, p50', unit: 'ms', ours: latency.ours };
  const runs = { name: `run, ${loaded}`, unit: 'runs/s', ours: load.ours };
  const messages = { name: `messages handled, ${loaded}`, unit: 'msgs/s', ours: load.ours * DELIVERIES };
  const bull = (value: number) => ({ name: 'BullMQ, 5 hops', value });
  return [
    { ...first, reference: rawChain(latency.raw), goal: { of: 'ratio', better: 'less', reach: 2.5, stretch: 1.7 } },
    { ...first, reference: rawRun(latency.rawRun), goal: null },
    {
      ...first,
      name: 'run, six in one process, p50',
      ours: latency.together,
      reference: rawChain(latency.raw),
      goal: null,
    },
    { ...first, reference: bull(latency.bull), goal: null },
    { ...runs, reference: rawRun(load.rawRun), goal: { of: 'ratio', better: 'more', reach: 0.5, stretch: 0.75 } },
    {
      ...runs,
      name: `run, six in one process, ${loaded}`,
      ours: load.together,
      reference: rawRun(load.rawRun),
      goal: null,
    },
    { ...messages, reference: rawChain(load.raw * HOPS), goal: null },
    { ...runs, reference: rawChain(load.raw), goal: null },
    {
      ...messages,
      reference: bull(load.bull * HOPS),
      goal: { of: 'ratio', better: 'more', reach: 3, stretch: 5 },
    },
    {
      name: `telemetry on, ${loaded}`,
      unit: 'runs/s',
      ours: telemetry.on,
      reference: { name: 'off', value: telemetry.off },
      goal: { of: 'ratio', better: 'more', reach: 0.75, stretch: 0.9 },
    },
    {
      name: `processor time of a run, ${loaded}`,
      unit: 'ms',
      ours: cpu.ours,
      reference: rawRun(cpu.rawRun),
      goal: null,
    },
    {
      ...first,
      name: 'run with a day of candles, p50',
      ours: day.latency,
      reference: rawChain(latency.raw),
      goal: null,
    },
    { ...runs, name: 'run with a day of candles', ours: day.load, reference: rawRun(load.rawRun), goal: null },
  ];
}
