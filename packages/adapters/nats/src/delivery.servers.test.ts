import { setTimeout as pause } from 'node:timers/promises';
import { headers } from '@nats-io/transport-node';
import { gasTrigger, volatilityTrigger } from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { ignoreOthers, on, onRaw, type RawMessage } from './bus.ts';
import type { NatsBus } from './open-bus.ts';
import { consumerConfig } from './provision.ts';

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('delivery through %s', (binary) => {
  let world: BusWorld;
  beforeAll(async () => {
    world = await startBusWorld(binary);
  });
  afterAll(() => world.stop());

  it('publishes the same work once, and says so', async () => {
    const pool = aPool();
    const bus = await world.open('market-data');
    const first = await bus.publish(gasTrigger, aGasTrigger(pool));
    const second = await bus.publish(gasTrigger, aGasTrigger(pool));
    expect(first).toMatchObject({ stream: 'LP_TRIGGERS', duplicate: false });
    expect(second).toEqual({ ...first, duplicate: true });
  });

  it('has one effect for a message that is published five times outside the window of duplicates', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const handled: string[] = [];
    await bus.consume(aConsumer(pool), [on(gasTrigger, async ({ envelope }) => void handled.push(envelope.id))]);
    const { id, sequence } = await bus.publish(gasTrigger, aGasTrigger(pool));
    const stored = await bus.broker.jsm.streams.getMessage('LP_TRIGGERS', { seq: sequence });
    for (let copy = 0; copy < 4; copy++) {
      const copied = headers();
      for (const [name, [value]] of stored!.header) if (name !== 'Nats-Msg-Id') copied.set(name, value ?? '');
      await bus.broker.jsm.jetstream().publish(stored!.subject, stored!.data, { headers: copied });
    }
    await settledAll(bus, aConsumer(pool).durable, 5);
    expect(handled).toEqual([id]);
  });

  it('has one effect when the acknowledgement is lost and the broker delivers again', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    let handled = 0;
    const { id } = await bus.publish(gasTrigger, aGasTrigger(pool));
    const durable = aConsumer(pool, { ackWaitMs: 300 });
    // Another process of the same service did the work and died before it could acknowledge.
    await bus.broker.jsm.consumers.add('LP_TRIGGERS', consumerConfig(durable));
    const consumer = await bus.broker.jsm.jetstream().consumers.get('LP_TRIGGERS', durable.durable);
    expect(await consumer.next({ expires: 2_000 })).not.toBeNull();
    await world.inbox.claim(durable.durable, id, 10_000);
    await world.inbox.done(durable.durable, id);
    await bus.consume(durable, [on(gasTrigger, async () => void handled++)]);
    await settledAll(bus, durable.durable, 1);
    expect(handled).toBe(0);
  });

  it('tries again with growing pauses until the handler succeeds, and acknowledges once', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const attempts: number[] = [];
    const atMs: number[] = [];
    await bus.consume(aConsumer(pool, { retryFirstMs: 60, doubleAck: true }), [
      on(gasTrigger, async (_event, { attempt }) => {
        attempts.push(attempt);
        atMs.push(performance.now());
        if (attempt < 3) throw new Error('the node is away');
      }),
    ]);
    await bus.publish(gasTrigger, aGasTrigger(pool));
    await settledAll(bus, aConsumer(pool).durable, 1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(55);
    expect(atMs[2]! - atMs[1]!).toBeGreaterThanOrEqual(115);
  });

  it('asks the inbox of a repeatable consumer only for what is delivered again', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { repeatable: true, retryFirstMs: 20 });
    await bus.consume(consumer, [
      on(gasTrigger, async ({ data }, { attempt }) => {
        if (data.block === 2 && attempt === 1) throw new Error('Redis is away');
      }),
    ]);
    const once = await bus.publish(gasTrigger, aGasTrigger(pool, 1));
    const again = await bus.publish(gasTrigger, aGasTrigger(pool, 2));
    await settledAll(bus, consumer.durable, 2);
    expect(await world.inbox.claim(consumer.durable, once.id, 1_000)).toBe('claimed');
    expect(await world.inbox.claim(consumer.durable, again.id, 1_000)).toBe('done');
  });

  it('begins eager work before its claim is granted, and says nothing of work that was done', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { eager: true });
    const begun: number[] = [];
    const done = await bus.publish(gasTrigger, aGasTrigger(pool, 1));
    await world.inbox.done(consumer.durable, done.id);
    await bus.publish(gasTrigger, aGasTrigger(pool, 2));
    await bus.consume(consumer, [
      on(gasTrigger, async ({ data }, context) => {
        begun.push(data.block);
        await context.publish(volatilityTrigger, aVolatilityTrigger(data));
      }),
    ]);
    await settledAll(bus, consumer.durable, 2);
    expect(begun.toSorted()).toEqual([1, 2]);
    const subject = `lp.v1.trigger.volatility.local.${pool}`;
    const said = await bus.broker.jsm.streams.getMessage('LP_TRIGGERS', { last_by_subj: subject });
    expect(JSON.parse(said!.string()).block).toBe(2);
    const { state } = await bus.broker.jsm.streams.info('LP_TRIGGERS', { subjects_filter: subject });
    expect(state.subjects?.[subject]).toBe(1);
  });

  it('does eager work anew when somebody else was at it first, and says it once', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { eager: true });
    const ends: string[] = [];
    const { id } = await bus.publish(gasTrigger, aGasTrigger(pool));
    await world.inbox.claim(consumer.durable, id, 400);
    await bus.consume(consumer, [
      on(gasTrigger, async ({ data }, context) => {
        const published = context.publish(volatilityTrigger, aVolatilityTrigger(data));
        ends.push(await published.then(({ duplicate }) => (duplicate ? 'again' : 'said')).catch(({ name }) => name));
        await published;
      }),
    ]);
    await settledAll(bus, consumer.durable, 1);
    expect(ends).toEqual(['NotClaimed', 'said']);
    const info = await bus.broker.jsm.consumers.info('LP_TRIGGERS', consumer.durable);
    expect(info.delivered.consumer_seq).toBe(1);
  });

  it('takes what has gathered together, all of it and nothing twice', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { repeatable: true, gatherMs: 60 });
    const blocks = Array.from({ length: 250 }, (_, block) => block);
    const handled: { block: number; atMs: number }[] = [];
    const { stop } = await bus.consume(consumer, [
      on(gasTrigger, async ({ data }) => void handled.push({ block: data.block, atMs: performance.now() })),
    ]);
    await bus.publish(gasTrigger, aGasTrigger(pool, 1_000));
    await bus.publish(gasTrigger, aGasTrigger(pool, 1_001));
    await vi.waitFor(() => expect(handled.map(({ block }) => block)).toEqual([1_000, 1_001]));
    expect(handled[1]!.atMs - handled[0]!.atMs).toBeLessThan(30);
    handled.length = 0;
    await Promise.all(blocks.map((block) => bus.publish(gasTrigger, aGasTrigger(pool, block))));
    await settledAll(bus, consumer.durable, 252);
    expect(handled.map(({ block }) => block).toSorted((a, b) => a - b)).toEqual(blocks);
    expect(bus.readiness()).toMatchObject({ ready: true });
    await stop();
    expect(bus.readiness().detail[consumer.durable]).toBe('pulling ended');
  });

  it('keeps a slow handler’s message from being delivered again', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    let begun = 0;
    const consumer = aConsumer(pool, { ackWaitMs: 300 });
    await bus.consume(consumer, [
      on(gasTrigger, async () => {
        begun++;
        await pause(1_200);
      }),
    ]);
    await bus.publish(gasTrigger, aGasTrigger(pool));
    await settledAll(bus, consumer.durable, 1);
    expect(begun).toBe(1);
    const info = await bus.broker.jsm.consumers.info('LP_TRIGGERS', consumer.durable);
    expect(info.delivered.consumer_seq).toBe(1);
  });

  it('shares a durable between two processes: each message goes to one of them', async () => {
    const pool = aPool();
    const buses = [await world.open('scheduler'), await world.open('scheduler')];
    const handled: number[][] = [[], []];
    const consumer = aConsumer(pool, { concurrency: 2 });
    for (const [index, bus] of buses.entries()) {
      await bus.consume(consumer, [
        on(gasTrigger, async ({ data }) => {
          handled[index]?.push(data.block);
          await pause(5);
        }),
      ]);
    }
    await Promise.all(
      Array.from({ length: 60 }, (_, block) => buses[0]!.publish(gasTrigger, aGasTrigger(pool, block))),
    );
    await settledAll(buses[0]!, consumer.durable, 60);
    expect(handled.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, block) => block));
    expect(handled[0]!.length).toBeGreaterThan(0);
    expect(handled[1]!.length).toBeGreaterThan(0);
  });

  it('drains: lets a handler finish, hands the others back to the next process', async () => {
    const pool = aPool();
    const first = await world.open('scheduler');
    const consumer = aConsumer(pool, { concurrency: 2, ackWaitMs: 30_000 });
    const firstBegan: number[] = [];
    let aborted = false;
    let finish = () => {};
    await first.consume(consumer, [
      on(gasTrigger, async ({ data }, { signal }) => {
        firstBegan.push(data.block);
        if (data.block === 1) return await new Promise<void>((resolve) => (finish = resolve));
        signal.addEventListener('abort', () => (aborted = true));
        return await new Promise<void>(() => {});
      }),
    ]);
    for (const block of [1, 2, 3, 4]) await first.publish(gasTrigger, aGasTrigger(pool, block));
    await vi.waitFor(() => expect(firstBegan).toEqual([1, 2]));
    const drained = first.drain(400);
    expect(first.readiness().ready).toBe(false);
    finish();
    await drained;
    expect(aborted).toBe(true);
    const second = await world.open('scheduler');
    const secondBegan: number[] = [];
    await second.consume(consumer, [on(gasTrigger, async ({ data }) => void secondBegan.push(data.block))]);
    // Block 2 still has the first process's claim, which ends by itself; the others need not wait for it.
    await vi.waitFor(() => expect([...secondBegan].sort()).toEqual([3, 4]), { timeout: 5_000 });
  });

  it('continues the run and names the cause when a handler publishes', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const runId = '0198f0000000700080000000000000ab';
    const seen: object[] = [];
    await bus.consume(aConsumer(pool), [
      on(gasTrigger, async ({ data }, context) => {
        await context.publish(volatilityTrigger, aVolatilityTrigger(data));
      }),
    ]);
    const follower = aConsumer(pool, {
      durable: `follow-${pool.slice(2, 8)}`,
      filter: `lp.v1.trigger.volatility.local.${pool}`,
    });
    await bus.consume(follower, [
      on(volatilityTrigger, async ({ envelope }) => void seen.push(envelope)),
      ignoreOthers,
    ]);
    const { id } = await bus.publish(gasTrigger, aGasTrigger(pool), { correlationId: runId });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toMatchObject({ correlationId: runId, causationId: id, source: 'rangeward/scheduler' });
  });

  it('gives a person’s bare message an id of its own and headers in any spelling', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const seen: RawMessage[] = [];
    const consumer = aConsumer(pool, { stream: 'LP_REQUESTS', filter: `lp.v1.trigger.manual.local.${pool}` });
    await bus.consume(consumer, [onRaw(async (message) => void seen.push(message))]);
    const named = headers();
    named.set('CE-Id', 'from-a-tool');
    bus.broker.nc.publish(consumer.filter, '{}');
    bus.broker.nc.publish(consumer.filter, '{}');
    bus.broker.nc.publish(consumer.filter, '{}', { headers: named });
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(3);
    expect(seen.find(({ id }) => id === 'from-a-tool')?.headers).toEqual({ 'ce-id': 'from-a-tool' });
    expect(Math.abs(seen[0]!.receivedAtMs - Date.now())).toBeLessThan(60_000);
  });
});

/** What a handler might say of a gas trigger. */
function aVolatilityTrigger({ chain, pool, block, blockHash, blockTime }: ReturnType<typeof aGasTrigger>) {
  const measured = { realisedAnnual: 1, normalAnnual: 0.5, ratio: 2, thresholdRatio: 1.5 };
  return { chain, pool, block, blockHash, blockTime, ...measured };
}

/** Waits until the broker counts so many messages as acknowledged, and none as outstanding. */
async function settledAll(bus: NatsBus, durable: string, delivered: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const info = await bus.broker.jsm.consumers.info('LP_TRIGGERS', durable);
      expect({ pending: info.num_pending, outstanding: info.num_ack_pending }).toEqual({ pending: 0, outstanding: 0 });
      expect(info.delivered.consumer_seq).toBeGreaterThanOrEqual(delivered);
    },
    { timeout: 10_000, interval: 20 },
  );
}
