import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { startChild } from '../child.ts';
import type { Opened } from '../opened.ts';
import { type Line, natsLine } from './drive.ts';
import type { RawHop } from './raw-hop.ts';

export const HOPS = 5;

/** A raw line and its processes. */
export type RawLine = { readonly line: Line; readonly pids: readonly number[] };

/** Five hops, a process each: consume, publish the next, acknowledge; every message `bytes` long. */
export async function startRawChain(opened: Opened, nc: NatsConnection, url: string, bytes: number): Promise<RawLine> {
  const pids: number[] = [];
  await addStream(nc, 'RAW', ['raw.>']);
  for (let hop = 0; hop < HOPS; hop += 1) {
    const task: RawHop = {
      url,
      consumers: [
        {
          stream: 'RAW',
          durable: `hop-${hop}`,
          filter: `raw.${hop}`,
          publishes: [{ subject: `raw.${hop + 1}`, bytes }],
        },
      ],
    };
    pids.push((await opened.add(startChild('./raw-hop.ts', import.meta.url, { task }))).pid);
  }
  const line = natsLine(nc, {
    begin: (slot) => ({ subject: 'raw.0', body: marked(slot, bytes) }),
    answered: `raw.${HOPS}`,
    over: `raw.${HOPS}`,
    slotOf: readMark,
  });
  return { line, pids };
}

/** How many bytes the messages of a run really have. */
export type RunSizes = Readonly<Record<RunMessage, number>>;
export const runMessages = [
  'trigger',
  'run-started',
  'market-observed',
  'prior-computed',
  'recommendation',
  'decision-made',
  'rebalance-planned',
  'trade-executed',
  'run-completed',
] as const;
export type RunMessage = (typeof runMessages)[number];

/**
 * The messages of a run, and nothing but them: the same number, sizes, streams, consumers and processes, six of them;
 * what the bare client does with the very traffic of a run.
 */
export async function startRawRun(opened: Opened, nc: NatsConnection, url: string, sizes: RunSizes): Promise<RawLine> {
  const pids: number[] = [];
  await addStream(nc, 'SHAPE_TRIGGERS', ['shape.t.>']);
  await addStream(nc, 'SHAPE_EVENTS', ['shape.e.>']);
  await addStream(nc, 'SHAPE_PLANS', ['shape.p.>']);
  const subjects: Record<RunMessage, string> = {
    trigger: 'shape.t.trigger',
    'run-started': 'shape.e.run-started',
    'market-observed': 'shape.e.market-observed',
    'prior-computed': 'shape.e.prior-computed',
    recommendation: 'shape.e.recommendation',
    'decision-made': 'shape.e.decision-made',
    'rebalance-planned': 'shape.p.rebalance-planned',
    'trade-executed': 'shape.p.trade-executed',
    'run-completed': 'shape.e.run-completed',
  };
  const hears = (name: string, heard: RunMessage, ...says: RunMessage[]): RawHop['consumers'][number] => ({
    stream: heard === 'trigger' ? 'SHAPE_TRIGGERS' : heard === 'rebalance-planned' ? 'SHAPE_PLANS' : 'SHAPE_EVENTS',
    durable: name,
    filter: subjects[heard],
    publishes: says.map((message) => ({ subject: subjects[message], bytes: sizes[message] })),
  });
  const ledgerPlans: RawHop['consumers'][number] = {
    stream: 'SHAPE_PLANS',
    durable: 'ledger-plans',
    filter: 'shape.>',
    publishes: [{ subject: subjects['run-completed'], bytes: sizes['run-completed'] }],
    only: subjects['trade-executed'],
  };
  const ledgerEvents = { stream: 'SHAPE_EVENTS', durable: 'ledger-events', filter: 'shape.>', publishes: [] };
  const processes: RawHop['consumers'][] = [
    [hears('triggers', 'trigger', 'run-started'), ledgerEvents, ledgerPlans],
    [hears('runs', 'run-started', 'market-observed')],
    [hears('markets', 'market-observed', 'prior-computed', 'recommendation')],
    [hears('recommendations', 'recommendation', 'decision-made', 'rebalance-planned')],
    [hears('plans', 'rebalance-planned', 'trade-executed')],
    [hears('completed', 'run-completed')],
  ];
  for (const consumers of processes) {
    const task: RawHop = { url, consumers };
    pids.push((await opened.add(startChild('./raw-hop.ts', import.meta.url, { task }))).pid);
  }
  const line = natsLine(nc, {
    begin: (slot) => ({ subject: subjects.trigger, body: marked(slot, sizes.trigger) }),
    answered: subjects['trade-executed'],
    over: subjects['run-completed'],
    slotOf: readMark,
  });
  return { line, pids };
}

/** As our own streams are: in files, nothing dropped. */
async function addStream(nc: NatsConnection, name: string, subjects: string[]): Promise<void> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  await jsm.streams.add({ name, subjects, storage: 'file', discard: 'new', max_bytes: 2 ** 30 });
}

function marked(slot: number, bytes: number): Uint8Array {
  const body = new Uint8Array(Math.max(8, bytes)).fill(32);
  new DataView(body.buffer).setUint32(0, slot);
  return body;
}

function readMark(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}
