import { gasTrigger } from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { on } from './bus.ts';

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('a consumer through %s', (binary) => {
  let world: BusWorld;
  beforeAll(async () => {
    world = await startBusWorld(binary);
  });
  afterAll(() => world.stop());

  it.each([1, 3, 40])('handles %i messages at once and never more', async (concurrency) => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const waiting: (() => void)[] = [];
    let running = 0;
    let most = 0;
    let done = 0;
    await bus.consume(aConsumer(pool, { concurrency, ackWaitMs: 30_000 }), [
      on(gasTrigger, async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => waiting.push(resolve));
        running -= 1;
        done += 1;
      }),
    ]);
    const all = concurrency * 2 + 5;
    for (let block = 1; block <= all; block += 1) await bus.publish(gasTrigger, aGasTrigger(pool, block));
    while (done < all) {
      const left = Math.min(concurrency, all - done);
      // As many as may be are begun; whatever is let go makes room for as many more.
      await vi.waitFor(() => expect(waiting).toHaveLength(left), { interval: 5, timeout: 20_000 });
      expect(running).toBe(left);
      const before = done;
      for (const resolve of waiting.splice(0)) resolve();
      await vi.waitFor(() => expect(done).toBe(before + left), { interval: 5 });
    }
    expect(most).toBe(concurrency);
  });

  it('names consumer, event and run in every line about a failure', async () => {
    const pool = aPool();
    const runId = '0198f0000000700080000000000000ac';
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool, { maxAttempts: 2 });
    await bus.consume(consumer, [
      on(gasTrigger, async () => {
        throw new Error('the node is away');
      }),
    ]);
    const { id } = await bus.publish(gasTrigger, aGasTrigger(pool), { correlationId: runId });
    const lines = () => world.logged.filter(({ fields }) => fields.eventId === id);
    await vi.waitFor(() => expect(lines()).toHaveLength(2), { timeout: 10_000 });
    const about = { consumer: consumer.durable, subject: consumer.filter, runId, code: 'handler-error' };
    expect(lines()).toMatchObject([
      { level: 'warn', fields: about, message: 'a message failed and is tried again' },
      { level: 'error', fields: about, message: 'a message became a dead letter' },
    ]);
  });
});
