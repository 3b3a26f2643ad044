import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers } from '@nats-io/transport-node';
import {
  consumers,
  type ErrorNotification,
  encodeEvent,
  errorNotification,
  planApproved,
  SIGNATURE_HEADER,
} from '@rangeward/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type BusWorld, natsServers, startBusWorld } from '../test/bus-world.ts';
import { on } from './bus.ts';
import { listDeadLetters } from './dead-letters.ts';
import type { NatsBus } from './open-bus.ts';
import { createPublishEvent } from './publish-event.ts';
import { createSigningKey, openSigning } from './signing.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const folder = mkdtempSync(join(tmpdir(), 'rangeward-signed-'));
const pair = createSigningKey();
const approved: string[] = [];
const notices: ErrorNotification[] = [];
let world: BusWorld;
let operator: NatsBus;
let executor: NatsBus;

const [binary = 'nats-server'] = natsServers(process.env.NATS_SERVER_BINARIES);

beforeAll(async () => {
  writeFileSync(join(folder, 'operator.key'), pair.privateKeyPem, { mode: 0o400 });
  world = await startBusWorld(binary);
  const trusted = { operator: [pair.publicKey] };
  operator = await world.open('operator', {
    signing: await openSigning({ keyFolder: folder, trusted }, 'operator', silent),
  });
  executor = await world.open('executor', { signing: await openSigning({ trusted }, 'executor', silent) });
  await executor.consume(consumers.executorApprovals, [
    on(planApproved, async ({ data }) => void approved.push(data.planId)),
  ]);
  const alerts = await world.open('alerts', { notifyErrors: false });
  await alerts.consume(consumers.alertsErrors, [on(errorNotification, async ({ data }) => void notices.push(data))]);
});

afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const aPlanId = () => randomBytes(32).toString('hex');
const approval = (planId: string) => ({ planId, by: 'anna', reason: 'looks right', at: new Date().toISOString() });

/** Refused messages are dead letters, critical ones, and reach no handler. */
async function expectForged(subject: string, code: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const letters = await listDeadLetters(executor.broker);
      expect(letters.find((letter) => letter.subject === subject && letter.code === code)).toMatchObject({
        consumer: 'executor-approvals',
      });
      expect(notices.find((notice) => notice.subject === subject && notice.code === code)?.severity).toBe('critical');
    },
    { timeout: 5_000 },
  );
  expect(approved).not.toContain(subject.split('.').at(-1));
}

test('what its speaker signed is handled', async () => {
  const planId = aPlanId();
  await createPublishEvent(operator.broker)(planApproved, approval(planId));
  await vi.waitFor(() => expect(approved).toContain(planId), { timeout: 5_000 });
});

test('what nobody signed is a dead letter and a critical alert', async () => {
  const { signing: _, ...keyless } = operator.broker;
  const planId = aPlanId();
  await createPublishEvent(keyless)(planApproved, approval(planId));
  await expectForged(`lp.v1.plan-approved.${planId}`, 'unsigned-event');
});

test('a signature of another message does not count: neither under another subject nor with another body', async () => {
  const planId = aPlanId();
  const origin = { source: 'test', time: new Date().toISOString() };
  const good = encodeEvent(planApproved, approval(aPlanId()), origin);
  const forged = encodeEvent(planApproved, approval(planId), origin);
  await operator.broker.publisher.publish({
    subject: forged.subject,
    headers: { 'Nats-Msg-Id': forged.id, ...forged.headers, ...operator.broker.signing?.sign(good) },
    body: forged.body,
  });
  await expectForged(forged.subject, 'bad-signature');
});

/**
 * The server answers a request for a message by publishing it to the reply subject: whoever may read one stream can make
 * the server write into another. The body cannot be chosen freely, but nothing of it is believed either way.
 */
test('what the server was made to write by a reply subject is refused', async () => {
  const planId = aPlanId();
  const subject = `lp.v1.plan-approved.${planId}`;
  const stranger = await connect({ servers: world.nats.url });
  const carried = headers();
  carried.set('ce-id', randomBytes(16).toString('hex'));
  carried.set(SIGNATURE_HEADER, 'x'.repeat(86));
  stranger.publish('$JS.API.STREAM.INFO.LP_PLANS', undefined, { reply: subject, headers: carried });
  await stranger.flush();
  await stranger.close();
  await expectForged(subject, 'unsigned-event');
});

test('what was said once is not done again when it is published again later', async () => {
  const planId = aPlanId();
  const old = new Date(Date.now() - 3_600_000).toISOString();
  await createPublishEvent(operator.broker)(planApproved, approval(planId), { time: old });
  await expectForged(`lp.v1.plan-approved.${planId}`, 'stale-signature');
});
