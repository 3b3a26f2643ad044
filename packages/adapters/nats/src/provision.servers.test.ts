import { consumers, gasTrigger, streams } from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { connectNats } from './connect.ts';
import { provisionConsumer, provisionConsumers, provisionStreams } from './provision.ts';
import { natsSettings } from './settings.ts';

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('streams and consumers on %s', (binary) => {
  let world: BusWorld;
  beforeAll(async () => {
    world = await startBusWorld(binary);
  });
  afterAll(() => world.stop());

  it('creates every stream and every consumer, and finds them again as declared', async () => {
    const { broker } = await world.open('cli');
    const names: string[] = [];
    for await (const { config } of broker.jsm.streams.list()) names.push(config.name);
    expect(names.sort()).toEqual(Object.keys(streams).sort());
    await provisionConsumers(broker.jsm);
    const made = await provisionConsumer(broker.jsm, consumers.executorPlans);
    await provisionConsumers(broker.jsm);
    await provisionStreams(broker.jsm);
    expect((await provisionConsumer(broker.jsm, consumers.executorPlans)).created).toBe(made.created);
  });

  it('names every difference of a stream that is otherwise, and leaves it so', async () => {
    const { broker } = await world.open('cli');
    const changed = { max_age: 3_600_000_000_000, subjects: ['lp.v1.tick.>', 'mine.>'] };
    await broker.jsm.streams.update('LP_TICKS', changed);
    const attempt = world.open('scheduler');
    await expect(attempt).rejects.toThrow(
      /LP_TICKS: subjects is \["lp.v1.tick.>","mine.>"\].*; max_age is 3600000000000 on/,
    );
    await expect(attempt).rejects.toThrow(/Nothing was changed/);
    expect((await broker.jsm.streams.info('LP_TICKS')).config).toMatchObject(changed);
    await broker.jsm.streams.update('LP_TICKS', { max_age: 7 * 86_400_000_000_000, subjects: ['lp.v1.tick.>'] });
  });

  it('names every difference of a consumer that is otherwise, and leaves it so', async () => {
    const bus = await world.open('scheduler');
    const consumer = aConsumer(aPool());
    await provisionConsumer(bus.broker.jsm, { ...consumer, ackWaitMs: 7_000, maxAttempts: 2 });
    const attempt = bus.consume(consumer, []);
    await expect(attempt).rejects.toThrow(
      /ack_wait is 7000000000 on the server, declared 1000000000; max_deliver is 11/,
    );
    const { config } = await bus.broker.jsm.consumers.info(consumer.stream, consumer.durable);
    expect(config.ack_wait).toBe(7_000_000_000);
  });

  it('says plainly that nobody answers, without the credentials in the address', async () => {
    const log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
    const attempt = connectNats({ url: 'nats://me:s3cret@127.0.0.1:1', service: 'cli', log });
    await expect(attempt).rejects.toThrow(/^NATS at nats:\/\/127\.0\.0\.1:1 cannot be used by cli/);
  });

  it('says what the server takes no more: a body that is too large, a subject without a stream', async () => {
    const bus = await world.open('scheduler', { publishWithinMs: 300 });
    const large = new Uint8Array(2 ** 20 + 1);
    const headers = { 'Nats-Msg-Id': 'large' };
    const { publisher } = bus.broker;
    await expect(publisher.publish({ subject: 'lp.v1.tick.a', headers, body: large })).rejects.toMatchObject({
      code: 'too-large',
    });
    const nowhere = publisher.publish({ subject: 'nowhere', headers: { 'Nats-Msg-Id': 'x' }, body: new Uint8Array() });
    await expect(nowhere).rejects.toMatchObject({ code: 'no-answer' });
    const forged = { correlationId: 'a\r\nNats-Rollup: all' };
    await expect(bus.publish(gasTrigger, aGasTrigger(aPool()), forged)).rejects.toMatchObject({ code: 'bad-header' });
  });

  it('lets nobody fill the requests with few large messages', async () => {
    const { broker } = await world.open('cli');
    const subject = `lp.v1.trigger.manual.local.${aPool()}`;
    const large = broker.jsm.jetstream().publish(subject, new Uint8Array(100_000));
    await expect(large).rejects.toThrow(/size exceeds/);
    expect((await broker.jsm.jetstream().publish(subject, new Uint8Array(60_000))).stream).toBe('LP_REQUESTS');
  });
});

describe('permissions', () => {
  it('surfaces at once that our user may not publish, and logs it as a matter of security', async () => {
    const { startNatsServer } = await import('@rangeward/localnet/nats-server');
    const nats = await startNatsServer({
      configText: `authorization { users: [ { user: "signal", password: "pw", permissions: {
        publish: { deny: ["lp.v1.trigger.>"] }, subscribe: ["_INBOX_signal.>"] } } ] }`,
    });
    const logged: object[] = [];
    const log = { debug() {}, info() {}, warn: (fields: object) => void logged.push(fields), error() {}, fatal() {} };
    const { openBroker } = await import('./broker.ts');
    const { createPublishEvent } = await import('./publish-event.ts');
    const broker = await openBroker({
      url: nats.url,
      service: 'signal',
      log,
      credentials: { user: 'signal', password: 'pw' },
    });
    await provisionStreams(broker.jsm);
    await expect(createPublishEvent(broker)(gasTrigger, aGasTrigger(aPool()))).rejects.toMatchObject({
      code: 'not-permitted',
    });
    expect(logged).toContainEqual(expect.objectContaining({ security: true, operation: 'publish' }));
    await broker.close();
    await nats.stop();
  });

  it('wants user and password together', () => {
    expect(natsSettings.parse({})).toEqual({ url: 'nats://127.0.0.1:4222', signing: {}, replicas: 1 });
    expect(natsSettings.safeParse({ user: 'me' }).error?.issues[0]?.path).toEqual(['password']);
    expect(natsSettings.safeParse({ url: 'localhost:4222' }).success).toBe(false);
  });
});
