import { type AuditFact, verifyAuditChain } from '@rangeward/contracts';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appendAudit, readAudit } from './audit-trail.ts';
import { type Broker, openBroker } from './broker.ts';
import { provisionStreams } from './provision.ts';

let server: NatsServer;
const brokers: Broker[] = [];
const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

beforeAll(async () => {
  server = await startNatsServer();
  for (const service of ['executor', 'alerts', 'operator']) {
    brokers.push(await openBroker({ url: server.url, service, log: silent }));
  }
  await provisionStreams(first().jsm);
});
afterAll(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
  await server?.stop();
});

function first(): Broker {
  const [broker] = brokers;
  if (broker === undefined) throw new Error('no broker is open');
  return broker;
}

const fact = (source: AuditFact['source'], reason: string): AuditFact => ({
  source,
  actor: `${source} of a test`,
  action: 'pause',
  outcome: 'done',
  reason,
  detail: [],
  at: '2026-01-05T00:00:00.000Z',
});

test('three processes write at once, and every entry is in one chain', async () => {
  const sources = ['executor', 'alerts', 'operator'] as const;
  const written = await Promise.all(
    brokers.flatMap((broker, index) =>
      Array.from({ length: 10 }, (_, turn) =>
        appendAudit(broker, fact(sources[index] ?? 'operator', `${index}/${turn}`)),
      ),
    ),
  );
  const entries = await Array.fromAsync(readAudit(first()));
  expect(verifyAuditChain(entries)).toMatchObject({ entries: 30, broken: null });
  expect(entries.map(({ hash }) => hash).sort()).toEqual(written.map(({ hash }) => hash).sort());
  expect(new Set(entries.map(({ reason }) => reason)).size).toBe(30);
});

test('an entry taken out of the stream, or one that does not follow, is found', async () => {
  const sound = await Array.fromAsync(readAudit(first()));
  const [last] = sound.slice(-1);
  const { seq } = (await first().jsm.streams.getMessage('LP_AUDIT', { last_by_subj: 'lp.v1.audit.>' })) ?? { seq: 0 };
  await first().jsm.streams.deleteMessage('LP_AUDIT', seq - 1);
  const verdict = verifyAuditChain(await Array.fromAsync(readAudit(first())));
  expect(verdict.broken).toMatchObject({ sequence: last?.sequence });
});
