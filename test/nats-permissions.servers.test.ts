import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { openCharts, provisionCharts } from '@rangeward/adapter-nats/charts';
import { inboxPrefix } from '@rangeward/adapter-nats/connect';
import { provisionConsumer, provisionStreams } from '@rangeward/adapter-nats/provision';
import {
  type ConsumerDefinition,
  catalogue,
  chartBucket,
  consumers,
  serviceNames,
  streams,
} from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const users = [...serviceNames, 'operator'] as const;
type User = (typeof users)[number];

const allConsumers: ConsumerDefinition[] = Object.values(consumers);
const streamNames = Object.keys(streams);
const pool = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';

let server: NatsServer;
const connections = new Map<string, NatsConnection>();
/** `user operation subject` of everything the server refused. */
const refusals = new Set<string>();

/** The very file that compose uses, with passwords in the environment as compose has them. */
beforeAll(async () => {
  for (const user of [...users, 'admin']) process.env[passwordVariable(user)] = password(user);
  server = await startNatsServer({ configText: await readFile(`${root}deploy/nats-permissions.conf`, 'utf8') });
  for (const user of [...users, 'admin']) connections.set(user, await connectAs(user));
  const jsm = await jetstreamManager(connectionOf('admin'));
  await provisionStreams(jsm);
  await provisionCharts(jsm);
  await Promise.all(allConsumers.map((consumer) => provisionConsumer(jsm, consumer)));
});

afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.close()));
  await server?.stop();
});

describe('what each user of the broker may publish', () => {
  const subjects = publishTable();

  test.each(users)('%s: its own events, requests and acknowledgements, and nothing of anybody else', async (user) => {
    const expected = subjects.map(({ subject, allowed }) => ({ subject, allowed: allowed.includes(user) }));
    const found = await Promise.all(
      subjects.map(async ({ subject }) => ({ subject, allowed: await mayPublish(user, subject) })),
    );
    expect(found).toEqual(expected);
  });

  test('each user is both allowed and refused something, so the table above can fail', () => {
    for (const user of users) {
      expect(subjects.some(({ allowed }) => allowed.includes(user))).toBe(true);
      expect(subjects.some(({ allowed }) => !allowed.includes(user))).toBe(true);
    }
  });
});

describe('what each user of the broker may hear', () => {
  const all = ['>', 'lp.v1.>', `lp.v1.trade-executed.>`, '$JS.>', '$JS.API.>', '$JS.ACK.>', '$SYS.>', '_INBOX.>'];
  const inboxes = [...users, 'admin', 'cli'].map((user) => `${inboxPrefix(user)}.>`);
  const operatorHears = ['lp.v1.>', 'lp.v1.trade-executed.>', '_INBOX.>', '_INBOX_operator.>'];

  test.each(users)('%s: its own replies, and a person the events', async (user) => {
    const subjects = [...all, ...inboxes];
    const found = await Promise.all(subjects.map((subject) => maySubscribe(user, subject)));
    const heard = subjects.filter((_, index) => found[index]);
    expect(heard.sort()).toEqual(user === 'operator' ? operatorHears.sort() : [`${inboxPrefix(user)}.>`]);
  });
});

test.each(serviceNames)('%s starts on what is there, with its own rights alone', async (service) => {
  const jsm = await jetstreamManager(connectionOf(service), { checkAPI: false });
  await provisionStreams(jsm);
  const own = allConsumers.filter((consumer) => consumer.service === service);
  const infos = await Promise.all(own.map((consumer) => provisionConsumer(jsm, consumer)));
  expect(infos.map((info) => info.name)).toEqual(own.map(({ durable }) => durable));
  for (const { stream, durable } of own) {
    const pulled = await (await jsm.jetstream().consumers.get(stream, durable)).fetch({
      max_messages: 1,
      expires: 1_000,
    });
    for await (const message of pulled) message.nak();
  }
});

test('signal keeps charts with its own rights alone, and gets the same one back for the same run', async () => {
  const jsm = await jetstreamManager(connectionOf('signal'), { checkAPI: false });
  const charts = await openCharts(jsm);
  const image = new Uint8Array(200_000).map((_, index) => index % 251);
  await charts.put('run-1.png', image);
  await charts.put('run-1.png', image);
  const admin = await openCharts(await jetstreamManager(connectionOf('admin')));
  expect(await admin.get('run-1.png')).toEqual(image);
  expect(await admin.get('run-2.png')).toBeNull();
});

test('a stranger, and a user with another password, are turned away', async () => {
  const options = { servers: server.url, reconnect: false };
  await expect(connect(options)).rejects.toThrow(/authorization/i);
  await expect(connect({ ...options, user: 'executor', pass: password('decision') })).rejects.toThrow(/authorization/i);
});

test('the file is what the contracts say', async () => {
  const script = `${root}scripts/generate-nats-permissions.ts`;
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
});

/** Every subject that means something, and who may publish there, derived from the tables of the contracts. */
function publishTable(): { subject: string; allowed: User[] }[] {
  const only = (...allowed: User[]) => allowed;
  const says = (event: (typeof catalogue)[number]) =>
    users.filter((user) => event.saidBy.some((who) => who === (user === 'operator' ? 'person' : user)));
  return [
    ...catalogue
      .filter((event) => event.name !== 'error-notification' && event.name !== 'audit')
      .map((event) => ({ subject: `lp.v1.${event.name}.local.${pool}`, allowed: says(event) })),
    ...serviceNames.map((service) => ({
      subject: `lp.v1.error-notification.${service}`,
      allowed: service === 'alerts' ? [] : only(service),
    })),
    ...users.map((user) => ({ subject: `lp.v1.audit.${user}`, allowed: only(user) })),
    ...allConsumers.flatMap(({ service, stream, durable }) => [
      // alerts buries what the broker gave up, whosever it was.
      { subject: `lp.v1.dlq.${stream}.${durable}`, allowed: only(service, 'alerts') },
      { subject: `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, allowed: only(service) },
      { subject: `$JS.ACK.${stream}.${durable}.1.1.1.1.0`, allowed: only(service) },
      { subject: `$JS.API.CONSUMER.INFO.${stream}.${durable}`, allowed: only(service, 'operator') },
      { subject: `$JS.API.CONSUMER.CREATE.${stream}.${durable}`, allowed: [] },
      { subject: `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${durable}`, allowed: [] },
      { subject: `$JS.API.CONSUMER.DELETE.${stream}.${durable}`, allowed: [] },
    ]),
    ...streamNames.flatMap((stream) => [
      { subject: `$JS.API.STREAM.INFO.${stream}`, allowed: [...users] },
      {
        subject: `$JS.API.STREAM.MSG.GET.${stream}`,
        allowed: mayLookBackAt(stream),
      },
      { subject: `$JS.API.STREAM.MSG.DELETE.${stream}`, allowed: stream === 'LP_DLQ' ? only('operator') : [] },
      ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'SNAPSHOT', 'RESTORE'].map((verb) => ({
        subject: `$JS.API.STREAM.${verb}.${stream}`,
        allowed: [],
      })),
    ]),
    ...[`$O.${chartBucket.name}.C.x`, `$O.${chartBucket.name}.M.x`].map((subject) => ({
      subject,
      allowed: only(chartBucket.saidBy),
    })),
    { subject: `$JS.API.STREAM.INFO.${chartBucket.stream}`, allowed: only(chartBucket.saidBy, 'operator') },
    { subject: `$JS.API.STREAM.MSG.GET.${chartBucket.stream}`, allowed: only(chartBucket.saidBy, 'operator') },
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE'].map((verb) => ({
      subject: `$JS.API.STREAM.${verb}.${chartBucket.stream}`,
      allowed: [],
    })),
    { subject: 'lp.v1.control.pause', allowed: only('operator') },
    { subject: '$JS.API.INFO', allowed: only('operator') },
    { subject: 'lp.v1.no-such-event.local', allowed: [] },
    { subject: '$SYS.REQ.SERVER.PING', allowed: [] },
    ...users.map((user) => ({ subject: `${inboxPrefix(user)}.forged`, allowed: [] })),
  ];
}

/** alerts buries what the broker gave up, and holds what was done against the invariants; every user chains to the audit trail; a person may look at everything. */
function mayLookBackAt(stream: string): User[] {
  if (stream === 'LP_AUDIT') return [...users];
  // What Redis lost the executor finds again in the plans.
  if (stream === 'LP_PLANS') return ['operator', 'alerts', 'executor'];
  return stream === 'LP_ADVISORIES' ? ['operator'] : ['operator', 'alerts'];
}

/** The body is empty and nobody hears the answer: nothing beyond the permission is tried. */
async function mayPublish(user: string, subject: string): Promise<boolean> {
  const connection = connectionOf(user);
  connection.publish(subject);
  return notRefused(user, 'publish', subject);
}

async function maySubscribe(user: string, subject: string): Promise<boolean> {
  const subscription = connectionOf(user).subscribe(subject, { callback: () => {} });
  const allowed = await notRefused(user, 'subscription', subject);
  if (!subscription.isClosed()) subscription.unsubscribe();
  return allowed;
}

/** The server refuses in order: what was sent before a flush is answered before it. */
async function notRefused(user: string, operation: string, subject: string): Promise<boolean> {
  await connectionOf(user).flush();
  // One more round trip, in which the watcher takes its turn.
  await connectionOf(user).flush();
  return !refusals.has(`${user} ${operation} ${subject}`);
}

async function watchRefusals(user: string, connection: NatsConnection): Promise<void> {
  for await (const status of connection.status()) {
    const error = status.type === 'error' ? status.error : undefined;
    if (error instanceof PermissionViolationError) refusals.add(`${user} ${error.operation} ${error.subject}`);
  }
}

async function connectAs(user: string): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, user, pass: password(user), inboxPrefix: inboxPrefix(user) });
  void watchRefusals(user, connection);
  return connection;
}

function connectionOf(user: string): NatsConnection {
  const connection = connections.get(user);
  if (connection === undefined) throw new Error(`${user} has no connection`);
  return connection;
}

function password(user: string): string {
  return `secret-of-${user}`;
}

function passwordVariable(user: string): string {
  return `NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;
}
