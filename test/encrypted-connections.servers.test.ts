import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats } from '@rangeward/adapter-nats/connect';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { closeRedis, connectRedis } from '@rangeward/adapter-redis/connect';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { freePort } from '@rangeward/localnet/free-port';
import { type NatsServer, startNatsServer } from '@rangeward/localnet/nats-server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const folder = mkdtempSync(join(tmpdir(), 'rangeward-tls-'));
const file = (name: string) => join(folder, name);
const ours = { caFile: file('ca.crt'), certFile: file('client.crt'), keyFile: file('client.key') };

/** An authority of our own, and a certificate of it for the servers and for us. */
beforeAll(() => {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(...newKey, '-x509', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority', '-days', '2');
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  for (const name of ['server', 'client']) {
    openssl(...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...by);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('nats-server that asks for a certificate', () => {
  let server: NatsServer;
  beforeAll(async () => {
    const files = `cert_file: "${file('server.crt')}", key_file: "${file('server.key')}", ca_file: "${file('ca.crt')}"`;
    server = await startNatsServer({ configText: `tls { ${files}, verify: true, timeout: 5 }` });
  });
  afterAll(() => server?.stop());
  const connectWith = (tls: object) =>
    connectNats({
      service: 'test',
      log: silent,
      url: server.url.replace('nats:', 'tls:'),
      tls: natsSettings.parse({ tls }).tls,
    });

  test('lets us in with ours', async () => {
    const connection = await connectWith(ours);
    await connection.flush();
    await connection.close();
  });

  test('is not believed when a stranger signed its certificate, and does not let us in without ours', async () => {
    await expect(connectWith({ certFile: ours.certFile, keyFile: ours.keyFile })).rejects.toThrow(/cannot be used/);
    await expect(connectWith({ caFile: ours.caFile })).rejects.toThrow(/cannot be used/);
  });
});

describe('redis-server that asks for a certificate', () => {
  let port = 0;
  let server: ReturnType<typeof spawn> | undefined;
  beforeAll(async () => {
    port = await freePort();
    const tls = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')];
    const where = ['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    server = spawn('redis-server', [...where, ...tls, '--tls-ca-cert-file', file('ca.crt')], { stdio: 'ignore' });
    await vi.waitFor(async () => closeRedis(await connectWith(ours)), { timeout: 10_000, interval: 50 });
  });
  afterAll(() => server?.kill());
  const connectWith = (tls: object) =>
    connectRedis({
      url: `rediss://127.0.0.1:${port}`,
      tls: redisSettings.parse({ tls }).tls,
      connectWithinMs: 1_500,
    });

  test('lets us in with ours', async () => {
    const redis = await connectWith(ours);
    expect(await redis.ping()).toBe('PONG');
    await closeRedis(redis);
  });

  test('is not believed when a stranger signed its certificate, and does not let us in without ours', async () => {
    await expect(connectWith({ certFile: ours.certFile, keyFile: ours.keyFile })).rejects.toThrow(/certificate/);
    await expect(connectWith({ caFile: ours.caFile })).rejects.toThrow(/is not ready/);
  });

  test('a file that is not there is named', async () => {
    await expect(connectWith({ caFile: file('none.crt') })).rejects.toThrow(/none\.crt of redis\.tls cannot be read/);
  });
});

test('half a certificate is refused where the configuration is read', () => {
  for (const settings of [natsSettings, redisSettings]) {
    expect(settings.safeParse({ tls: { certFile: 'a' } }).error?.issues[0]?.message).toMatch(/belong together/);
  }
});
