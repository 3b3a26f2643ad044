import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { listDeadLetters } from '@rangeward/adapter-nats/dead-letters';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import { createRunRecords } from '@rangeward/adapter-redis/run-records';
import {
  type DomainEvent,
  decodeEvent,
  definitionOf,
  type EventData,
  eventId,
  priorComputed,
  type Run,
  type runCompleted,
  type runStarted,
} from '@rangeward/contracts';
import { hostService } from '@rangeward/host/host-service';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { type RedisServer, startRedisServer } from '@rangeward/localnet/redis-server';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hosted } from './hosted.ts';

const pool = `0x${'a'.repeat(40)}`;
const subject = `lp.v1.trigger.manual.local.${pool}`;
const log = createLogger({ service: 'test', level: 'silent' });
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });

describe('the scheduler', () => {
  let nats: NatsServer;
  let redisServer: RedisServer;
  let redis: Redis;
  let bus: NatsBus;
  let folder: string;
  const lives: Life[] = [];
  const heard: { name: string; event: DomainEvent }[] = [];

  beforeAll(async () => {
    metrics.setGlobalMeterProvider(meters);
    [nats, redisServer] = await Promise.all([startNatsServer(), startRedisServer()]);
    redis = await connectRedis({ url: redisServer.url });
    bus = await openBus({ url: nats.url, service: 'test', inbox: createInbox(redis), log });
    folder = mkdtempSync(join(tmpdir(), 'rangeward-scheduler-'));
    bus.broker.nc.subscribe('lp.v1.>', { callback: (_error, message) => hear(message) });
    // Two of them, as in production: whatever they do must be done once.
    await Promise.all([startScheduler(), startScheduler()]);
  });

  afterAll(async () => {
    await Promise.all(lives.map((life) => life.close()));
    await bus?.drain();
    if (redis) await closeRedis(redis);
    await Promise.all([nats?.stop(), redisServer?.stop()]);
    if (folder) rmSync(folder, { recursive: true, force: true });
    await meters.shutdown();
  });

  function hear(message: { subject: string; data: Uint8Array; headers?: Iterable<[string, string[]]> }): void {
    const definition = definitionOf(message.subject);
    if (definition === undefined || definition.name === 'trigger.manual') return;
    const headers = Object.fromEntries([...(message.headers ?? [])].map(([name, [value = '']]) => [name, value]));
    heard.push({
      name: definition.name,
      event: decodeEvent(definition, { subject: message.subject, headers, body: message.data }),
    });
  }

  async function startScheduler(): Promise<void> {
    const file = join(folder, 'rangeward.yaml');
    const tokens = 'token0: { symbol: USDC, decimals: 6 }, token1: { symbol: WETH, decimals: 18 }, stable: token0';
    writeFileSync(
      file,
      `mode: live
nats: { url: '${nats.url}' }
redis: { url: '${redisServer.url}' }
log: { level: silent }
chains:
  local:
    chainId: 31337
    rpcUrl: http://127.0.0.1:1
    pools:
      main: { address: '${pool}', ${tokens}, positions: [{ id: main, tokenId: 7 }] }
scheduler:
  schedules: [{ name: often, cron: '* * * * * *' }]
`,
    );
    const life = createLife({ log });
    lives.push(life);
    await hostService(life, hosted, { files: [file], env: {}, alone: false });
  }

  async function countedRuns() {
    await meters.forceFlush();
    const [latest] = exporter.getMetrics().slice(-1);
    const all = (latest?.scopeMetrics ?? []).flatMap((scope) => scope.metrics);
    const runs = all.find(({ descriptor }) => descriptor.name === 'rangeward.runs');
    return (runs?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));
  }

  const named = <Name extends string>(name: Name) => heard.filter((message) => message.name === name);
  const startedBy = (trigger: string) => {
    const events = named('run-started').map(({ event }) => event.data as EventData<typeof runStarted>);
    return events.filter(({ run }) => run.trigger === trigger);
  };

  it('opens one run for a message of a plain client, with no headers, whoever of the two hears it', async () => {
    await bus.broker.jsm.jetstream().publish(subject, '{}');
    await vi.waitFor(() => expect(startedBy('manual')).toHaveLength(1));
    const [opened] = startedBy('manual');
    expect(opened).toMatchObject({
      run: { mode: 'live', position: 'main', tokenId: 7n, pool },
      reason: 'asked for by hand',
    });
    const envelope = named('run-started').find(({ event }) => (event.data as { run: Run }).run.id === opened?.run.id)
      ?.event.envelope;
    expect(envelope?.correlationId).toBe(opened?.run.id);
  });

  it('refuses an unknown field into the dead letters, naming it, and opens nothing', async () => {
    const before = startedBy('manual').length;
    await bus.broker.jsm.jetstream().publish(subject, JSON.stringify({ mode: 'trade', amuont: 5 }));
    await vi.waitFor(async () => {
      expect(await listDeadLetters(bus.broker)).toMatchObject([
        { code: 'bad-trigger', field: 'amuont', consumer: 'scheduler-requests' },
      ]);
    });
    expect(startedBy('manual')).toHaveLength(before);
  });

  it('fires each slot of a schedule once although two schedulers run', async () => {
    await vi.waitFor(() => expect(startedBy('scheduled').length).toBeGreaterThanOrEqual(3), { timeout: 10_000 });
    const reasons = startedBy('scheduled').map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    const ids = startedBy('scheduled').map(({ run }) => run.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('fires a slot although somebody asked for a run under the id that the slot’s message will have', async () => {
    const slot = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000).toISOString();
    const id = eventId('', 'trigger.scheduled', `local/${pool}/*/often/${slot}`);
    const before = startedBy('manual').length;
    const forged = { subject, headers: { 'Nats-Msg-Id': id, 'ce-id': id }, body: new TextEncoder().encode('{}') };
    await bus.broker.publisher.publish(forged);
    await vi.waitFor(() => expect(startedBy('manual')).toHaveLength(before + 1));
    expect(startedBy('manual').at(-1)?.triggerId).toBe(id);
    const fired = () => startedBy('scheduled').filter(({ triggerId }) => triggerId === id);
    await vi.waitFor(() => expect(fired()).toHaveLength(1), { timeout: 5_000 });
    expect(fired()[0]?.reason).toContain(slot);
  });

  it('opens one run for a structured CloudEvent that is sent twice, and another for another', async () => {
    const before = startedBy('manual').length;
    const send = (id: string) => {
      const event = { specversion: '1.0', type: 'x', source: 'test', id, data: { requestedBy: id } };
      return bus.broker.jsm.jetstream().publish(subject, JSON.stringify(event));
    };
    for (const id of ['one', 'one', 'two']) await send(id);
    await vi.waitFor(async () => {
      const { ack_floor } = await bus.broker.jsm.consumers.info('LP_REQUESTS', 'scheduler-requests');
      const { state } = await bus.broker.jsm.streams.info('LP_REQUESTS');
      expect(ack_floor.stream_seq).toBe(state.last_seq);
    });
    await vi.waitFor(() => expect(startedBy('manual').length).toBeGreaterThanOrEqual(before + 2));
    const asked = startedBy('manual').slice(before);
    expect(asked.map(({ requestedBy }) => requestedBy).sort()).toEqual(['one', 'two']);
  });

  it('fails a run without a result at its deadline, once, and says how far it got', async () => {
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    const run: Run = {
      ...(startedBy('scheduled')[0] as EventData<typeof runStarted>).run,
      id: 'b'.repeat(32),
      startedAt,
      deadline: startedAt,
    };
    const prior = {
      centerLog: 8,
      sigmaLog: 0.01,
      centerUsdE6: 3,
      source: 'spot',
      windowBlocks: 1,
      blocksWithTrades: 0,
      volumeUsdE6: 0,
      widening: 1,
    } as const;
    await bus.publish(priorComputed, { run, prior }, { correlationId: run.id });
    const completions = () =>
      named('run-completed')
        .map(({ event }) => (event.data as EventData<typeof runCompleted>).result)
        .filter(({ runId }) => runId === run.id);
    // Both schedulers may say it; the stream keeps one.
    await vi.waitFor(() => expect(completions().length).toBeGreaterThan(0), { timeout: 5_000 });
    const said = `lp.v1.run-completed.local.${pool}`;
    const { state } = await bus.broker.jsm.streams.info('LP_EVENTS', { subjects_filter: said });
    expect(state.subjects).toEqual({ [said]: 1 });
    expect(completions()[0]).toMatchObject({
      status: 'failed',
      completedAt: startedAt,
      failure: expect.stringContaining('the prior was computed'),
    });
    const stored = await createRunRecords(redis).read(run.id);
    expect(stored?.result).toMatchObject({ status: 'failed' });
    // Measured once by the two together, under the pool's name.
    const place = { chain: 'local', pool: 'main', position: 'main', mode: 'live' };
    const end = { trigger: 'scheduled', status: 'failed', decision: 'none', outcome: 'none' };
    await vi.waitFor(async () => {
      expect(await countedRuns()).toEqual([{ attributes: { ...place, ...end }, value: 1 }]);
    });
  });
});
