import { headers, type MsgHdrs } from '@nats-io/transport-node';
import {
  type ConsumerDefinition,
  consumers,
  type ErrorNotification,
  errorNotification,
  gasTrigger,
  Rejection,
  rebalancePlanned,
} from '@rangeward/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aConsumer, aGasTrigger, aPool, type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { on, onRaw, type RawMessage } from './bus.ts';
import { dropDeadLetter, listDeadLetters, readDeadLetter, replayDeadLetter } from './dead-letters.ts';
import { deadLetterFromAdvisory } from './on-advisory.ts';
import type { NatsBus } from './open-bus.ts';

const encoder = new TextEncoder();

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('dead letters through %s', (binary) => {
  let world: BusWorld;
  let operator: NatsBus;
  const notices: ErrorNotification[] = [];
  beforeAll(async () => {
    world = await startBusWorld(binary);
    operator = await world.open('cli');
    const alerts = await world.open('alerts');
    await alerts.consume(consumers.alertsErrors, [on(errorNotification, async ({ data }) => void notices.push(data))]);
  });
  afterAll(() => world.stop());

  const letterOf = (consumer: ConsumerDefinition) =>
    vi.waitFor(
      async () => {
        const letter = (await listDeadLetters(operator.broker)).find((one) => one.consumer === consumer.durable);
        expect(letter).toBeDefined();
        return letter!;
      },
      { timeout: 10_000 },
    );

  it('keeps a malformed message with its reason, its headers and its body, and replays a repaired one once', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool);
    const handled: bigint[] = [];
    await bus.consume(consumer, [on(gasTrigger, async ({ data }) => void handled.push(data.gasPriceWei))]);
    const sent = headers();
    sent.set('ce-id', `broken-${pool}`);
    sent.set('X-Sender', 'a tool');
    sent.set('Nats-Msg-Id', `broken-${pool}`);
    const body = `{"chain":"local","pool":"${pool}","block":"seven"}`;
    await bus.broker.jsm.jetstream().publish(consumer.filter, body, { headers: sent });

    const { sequence } = await letterOf(consumer);
    const letter = await readDeadLetter(operator.broker, sequence);
    expect(letter).toMatchObject({
      code: 'bad-event',
      field: 'block',
      subject: consumer.filter,
      stream: 'LP_TRIGGERS',
      service: 'scheduler',
      attempts: 1,
      eventId: `broken-${pool}`,
    });
    expect(letter.reason).toMatch(/^rejected: trigger\.gas: block: /);
    expect(letter.headers).toMatchObject({ 'ce-id': `broken-${pool}`, 'X-Sender': 'a tool' });
    expect(new TextDecoder().decode(letter.body)).toBe(body);
    expect(handled).toEqual([]);

    const repaired = { ...aGasTrigger(pool), gasPriceWei: '7', thresholdWei: '8' };
    const options = { by: 'the operator', body: encoder.encode(JSON.stringify(repaired)) };
    const replayed = await replayDeadLetter(operator.broker, sequence, options);
    const again = await replayDeadLetter(operator.broker, sequence, options);
    expect(again).toEqual({ ...replayed, duplicate: true });
    await vi.waitFor(() => expect(handled).toEqual([7n]));
    const stored = await operator.broker.jsm.streams.getMessage('LP_TRIGGERS', { seq: replayed.sequence });
    expect(stored?.header.get('Rangeward-Replayed-From')).toBe(`LP_DLQ/${sequence}`);
    expect(stored?.header.get('X-Sender')).toBe('a tool');
    await dropDeadLetter(operator.broker, sequence);
    await expect(readDeadLetter(operator.broker, sequence)).rejects.toMatchObject({ code: 'no-dead-letter' });
    const notice = notices.find(({ subject }) => subject === consumer.filter);
    expect(notice).toMatchObject({ kind: 'rejected', code: 'bad-event', chain: 'local', pool, hop: 0 });
  });

  it('makes another letter when the replay fails again', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool);
    await bus.consume(consumer, [
      on(gasTrigger, async () => {
        throw new Rejection('unknown-pool', `nobody manages ${pool}`);
      }),
    ]);
    await bus.publish(gasTrigger, aGasTrigger(pool));
    const { sequence } = await letterOf(consumer);
    await replayDeadLetter(operator.broker, sequence, { by: 'the operator' });
    await vi.waitFor(async () => {
      const letters = await listDeadLetters(operator.broker, { fromSequence: sequence });
      expect(letters.filter((one) => one.consumer === consumer.durable)).toHaveLength(2);
    });
  });

  it('gives up after three failures, tells of the second, and hides what the scrubber hides', async () => {
    const pool = aPool();
    const scrub = (text: string) => text.replaceAll('s3cret', '***');
    const bus = await world.open('scheduler', { scrub });
    const consumer = aConsumer(pool);
    const attempts: number[] = [];
    await bus.consume(consumer, [
      on(gasTrigger, async (_event, { attempt }) => {
        attempts.push(attempt);
        throw Object.assign(new Error('https://node/s3cret refused'), { code: 'ECONNREFUSED' });
      }),
    ]);
    await bus.publish(gasTrigger, aGasTrigger(pool));
    const letter = await letterOf(consumer);
    expect(letter).toMatchObject({ attempts: 3, code: 'econnrefused', reason: 'given-up: https://node/*** refused' });
    expect(attempts).toEqual([1, 2, 3]);
    await vi.waitFor(() => {
      const told = notices.filter((one) => one.pool === pool).map(({ kind, attempt }) => `${kind} ${attempt}`);
      expect(told).toEqual(['retrying 2', 'given-up 3']);
    });
    expect(JSON.stringify(notices)).not.toContain('s3cret');
    expect(JSON.stringify(world.logged)).not.toContain('s3cret');
  });

  it('never makes an error notification of an error in alerts, nor of one in handling a notification', async () => {
    const before = (await operator.broker.jsm.streams.info('LP_ERRORS')).state.messages;
    const pool = aPool();
    const alerts = await world.open('alerts');
    const consumer = aConsumer(pool);
    const refuse = async () => {
      throw new Rejection('no-channel', 'nowhere to send it');
    };
    await alerts.consume(consumer, [on(gasTrigger, refuse)]);
    await alerts.publish(gasTrigger, aGasTrigger(pool));
    // A service that may speak of errors, but not of those that it meets while hearing of errors.
    const other = await world.open('decision');
    const hearing = aConsumer(pool, {
      durable: `hearing-${pool.slice(2, 8)}`,
      stream: 'LP_ERRORS',
      filter: 'lp.v1.error-notification.executor',
    });
    await other.consume(hearing, [on(errorNotification, refuse)]);
    await other.publish(errorNotification, { ...aNotice(), service: 'executor' });
    await Promise.all([letterOf(consumer), letterOf(hearing)]);
    await Promise.all([alerts.drain(), other.drain()]);
    const after = (await operator.broker.jsm.streams.info('LP_ERRORS')).state.messages;
    expect(after - before).toBe(1);
  });

  it('says why an event that exists once for ever cannot be replayed', async () => {
    const pool = aPool();
    const bus = await world.open('executor');
    const planId = `plan-${pool}`;
    const consumer = aConsumer(pool, {
      stream: 'LP_PLANS',
      filter: `lp.v1.rebalance-planned.local.${pool}.${planId}`,
      doubleAck: true,
    });
    await bus.consume(consumer, [on(rebalancePlanned, async () => {})]);
    const js = bus.broker.jsm.jetstream();
    const ack = await js.publish(consumer.filter, '{}', { expect: { lastSubjectSequence: 0 } });
    await expect(js.publish(consumer.filter, '{}', { expect: { lastSubjectSequence: 0 } })).rejects.toThrow(
      'wrong last',
    );
    const { sequence } = await letterOf(consumer);
    await expect(replayDeadLetter(operator.broker, sequence, { by: 'me' })).rejects.toThrow(/exists once for ever/);
    expect((await operator.broker.jsm.streams.info('LP_PLANS')).state.last_seq).toBe(ack.seq);
  });

  it.each([
    { what: 'a name that no client reads', block: 'NATS/1.0\r\nbad name\u0001: v\r\n\r\n' },
    { what: 'a lone line feed in a value', block: 'NATS/1.0\r\nce-id: a\nb\r\n\r\n' },
  ])('survives $what in the headers, and puts the message away', async ({ block }) => {
    const pool = aPool();
    const bus = await world.open('scheduler');
    const consumer = aConsumer(pool);
    const handled: number[] = [];
    await bus.consume(consumer, [on(gasTrigger, async ({ data }) => void handled.push(data.block))]);
    // The client's own class would not write such headers; another sender's bytes are not asked.
    const raw = { encode: () => encoder.encode(block) } as unknown as MsgHdrs;
    bus.broker.nc.publish(consumer.filter, '{}', { headers: raw });
    await bus.publish(gasTrigger, aGasTrigger(pool, 8));

    const letter = await letterOf(consumer);
    expect(letter).toMatchObject({ code: 'bad-header', attempts: 1, subject: consumer.filter });
    await vi.waitFor(() => expect(handled).toEqual([8]));
    const replayed = await replayDeadLetter(operator.broker, letter.sequence, { by: 'me', body: encoder.encode('{}') });
    expect(replayed.subject).toBe(consumer.filter);
  });

  it('names what is wrong with a number that is no dead letter’s', async () => {
    for (const sequence of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      await expect(readDeadLetter(operator.broker, sequence)).rejects.toMatchObject({ code: 'bad-sequence' });
    }
    await expect(dropDeadLetter(operator.broker, 999_999)).rejects.toMatchObject({ code: 'no-dead-letter' });
    await expect(replayDeadLetter(operator.broker, 999_999, { by: 'me' })).rejects.toThrow('999999');
  });

  it('catches what nobody answers: the last delivery’s advisory becomes the dead letter, once', async () => {
    const pool = aPool();
    const bus = await world.open('scheduler', { notifyErrors: false });
    const { subject, id, sequence } = {
      subject: `lp.v1.trigger.gas.local.${pool}`,
      ...(await bus.publish(gasTrigger, aGasTrigger(pool))),
    };
    const dying = {
      durable_name: `dying-${pool.slice(2, 8)}`,
      ack_policy: 'explicit',
      filter_subject: subject,
    } as const;
    await bus.broker.jsm.consumers.add('LP_TRIGGERS', { ...dying, ack_wait: 100_000_000, max_deliver: 2 });
    const advisories: RawMessage[] = [];
    const alerts = await world.open('alerts');
    await alerts.consume(consumers.alertsAdvisories, [
      onRaw(async (raw) => {
        await deadLetterFromAdvisory(alerts.broker, raw);
        if (raw.subject.endsWith(dying.durable_name)) advisories.push(raw);
      }),
    ]);
    const puller = await bus.broker.jsm.jetstream().consumers.get('LP_TRIGGERS', dying.durable_name);
    const pulled = await puller.consume({ max_messages: 1, callback: () => {} });
    const letter = await letterOf({ ...aConsumer(pool), durable: dying.durable_name });
    await pulled.close();
    expect(letter).toMatchObject({ code: 'max-deliveries', attempts: 2, eventId: id, subject });
    await vi.waitFor(() => expect(advisories.length).toBeGreaterThan(0));
    const again = await deadLetterFromAdvisory(alerts.broker, advisories[0]!);
    expect(again).toEqual({ kind: 'dead-letter', sequence: letter.sequence, duplicate: true });
    await bus.broker.jsm.streams.deleteMessage('LP_TRIGGERS', sequence, false);
    expect(await deadLetterFromAdvisory(alerts.broker, advisories[0]!)).toMatchObject({ kind: 'nothing' });
  });
});

function aNotice(): ErrorNotification {
  return {
    service: 'scheduler',
    severity: 'warning',
    code: 'handler-error',
    message: 'a test says so',
    kind: 'retrying',
    chain: null,
    pool: null,
    runId: null,
    eventId: aPool(),
    subject: null,
    attempt: 2,
    hop: 0,
  };
}
