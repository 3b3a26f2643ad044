import assert from 'node:assert';
import { gasTrigger, streams } from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { on } from './bus.ts';

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('outages with %s', (binary) => {
  let world: BusWorld;
  beforeAll(async () => {
    world = await startBusWorld(binary);
  });
  afterAll(() => world.stop());

  it.each([
    ['at once', {}],
    ['gathered', { gatherMs: 20 }],
  ])('loses and doubles nothing when the broker is killed and comes back, delivered %s', async (_how, options) => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const handled: number[] = [];
    const consumer = aConsumer(pool, options);
    await bus.consume(consumer, [on(gasTrigger, async ({ data }) => void handled.push(data.block))]);
    const total = 400;
    const published: Promise<unknown>[] = [];
    for (let block = 0; block < total; block++) {
      published.push(bus.publish(gasTrigger, aGasTrigger(pool, block)));
      if (block === 150) {
        await Promise.race(published);
        world.nats.kill('SIGKILL');
        await world.nats.exited();
        await vi.waitFor(() =>
          expect(bus.readiness()).toMatchObject({ ready: false, detail: { nats: 'not connected' } }),
        );
      }
    }
    await world.nats.restart();
    await Promise.all(published);
    await vi.waitFor(() => expect(new Set(handled).size).toBe(total), { timeout: 20_000 });
    expect(handled).toHaveLength(total);
    const { state } = await bus.broker.jsm.streams.info('LP_TRIGGERS', { subjects_filter: consumer.filter });
    expect(state.subjects?.[consumer.filter]).toBe(total);
    await vi.waitFor(() => expect(bus.readiness().ready).toBe(true), { timeout: 10_000 });
  });

  it('takes every kind of event again when the broker was killed and came back', async () => {
    const bus = await world.open('market-data');
    const names = () => bus.broker.jsm.streams.names().next();
    const before = await names();
    world.nats.kill('SIGKILL');
    await world.nats.exited();
    await world.nats.restart();
    await vi.waitFor(() => expect(bus.readiness().ready).toBe(true), { timeout: 10_000 });
    const after = await vi.waitFor(names, { timeout: 10_000 });
    expect(after.toSorted()).toEqual(Object.keys(streams).toSorted());
    expect(after.toSorted()).toEqual(before.toSorted());
  });

  it('notices a broker that hangs, and goes on with it', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    world.nats.kill('SIGSTOP');
    const publishing = bus.publish(gasTrigger, aGasTrigger(pool));
    try {
      await vi.waitFor(() => expect(bus.readiness().ready).toBe(false), { timeout: 4_500 });
    } finally {
      world.nats.kill('SIGCONT');
    }
    expect(await publishing).toMatchObject({ stream: 'LP_TRIGGERS' });
  });

  it('says that a gathering consumer is not served when the server no longer knows it', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { gatherMs: 20 });
    await bus.consume(consumer, [on(gasTrigger, async () => {})]);
    await bus.broker.jsm.consumers.delete('LP_TRIGGERS', consumer.durable);
    await vi.waitFor(
      () => {
        expect(bus.readiness().ready).toBe(false);
        expect(bus.readiness().detail[consumer.durable]).not.toBe('bound');
      },
      { timeout: 5_000 },
    );
  });

  it('handles nothing while Redis hangs, says so, and counts no failure', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const attempts: number[] = [];
    const consumer = aConsumer(pool, { maxAttempts: 1, ackWaitMs: 400 });
    await bus.consume(consumer, [on(gasTrigger, async (_event, { attempt }) => void attempts.push(attempt))]);
    let heartbeats = 0;
    bus.broker.nc.subscribe(`$JS.ACK.LP_TRIGGERS.${consumer.durable}.>`, { callback: () => void heartbeats++ });
    world.redis.kill('SIGSTOP');
    try {
      await bus.publish(gasTrigger, aGasTrigger(pool));
      await vi.waitFor(() => expect(bus.readiness().ready).toBe(false), { timeout: 5_000 });
      expect(bus.readiness().detail[consumer.durable]).toMatch(/timed out/i);
      // Held for twice the ack wait: the broker hears that we are at it and does not deliver again.
      await vi.waitFor(() => expect(heartbeats).toBeGreaterThan(6), { timeout: 5_000 });
      const info = await bus.broker.jsm.consumers.info('LP_TRIGGERS', consumer.durable);
      expect(info.delivered.consumer_seq).toBe(1);
      expect(attempts).toEqual([]);
    } finally {
      world.redis.kill('SIGCONT');
    }
    await vi.waitFor(() => expect(attempts).toEqual([1]), { timeout: 5_000 });
    await vi.waitFor(() => expect(bus.readiness().ready).toBe(true));
  });

  it('reports a broken invariant and leaves the message to the next process', async () => {
    const pool = aPool();
    const broken: unknown[] = [];
    const first = await world.open('scheduler', { onBroken: (error) => broken.push(error) });
    const consumer = aConsumer(pool, { ackWaitMs: 500 });
    const { stop } = await first.consume(consumer, [
      on(gasTrigger, async ({ data }) => assert.equal(data.block, 2, 'blocks are counted from two')),
    ]);
    await first.publish(gasTrigger, aGasTrigger(pool, 1));
    await vi.waitFor(() => expect(broken).toHaveLength(1));
    expect(broken[0]).toBeInstanceOf(assert.AssertionError);
    expect(world.logged.filter(({ level }) => level === 'fatal')).toHaveLength(1);
    await stop();
    const attempts: number[] = [];
    const second = await world.open('scheduler');
    await second.consume(consumer, [on(gasTrigger, async (_event, { attempt }) => void attempts.push(attempt))]);
    await vi.waitFor(() => expect(attempts).toEqual([2]), { timeout: 5_000 });
  });
});
