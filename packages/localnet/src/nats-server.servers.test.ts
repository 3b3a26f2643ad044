import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAtLeast } from './find-binary.ts';
import { isRunning } from './is-running.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

let dir: string;
let server: NatsServer | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rangeward-nats-test-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dir, { recursive: true, force: true });
});

describe('startNatsServer', () => {
  it('keeps acknowledged JetStream messages over kill -9 and restart, on the same port with another process', async () => {
    server = await startNatsServer({ dir });
    const { pid, url } = server;
    await publish(server, 'kept.one', 'before the crash');

    server.kill('SIGKILL');
    await server.exited();
    expect(isRunning(pid)).toBe(false);
    await server.restart();

    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect(await firstMessage(server, 'kept.one')).toBe('before the crash');
  });

  it('stops with its process gone, and removes the folder it made itself', async () => {
    const own = await startNatsServer();
    expect(existsSync(own.dir)).toBe(true);
    await own.stop();
    expect(isRunning(own.pid)).toBe(false);
    expect(existsSync(own.dir)).toBe(false);
  });

  it('keeps a folder it was given', async () => {
    server = await startNatsServer({ dir });
    await server.stop();
    expect(existsSync(join(dir, 'nats-server.conf'))).toBe(true);
  });

  it('stops a server that hangs', async () => {
    server = await startNatsServer();
    const { pid } = server;
    server.kill('SIGSTOP');
    await server.stop();
    expect(isRunning(pid)).toBe(false);
  });

  it('syncs before it acknowledges when asked and the version can, and starts all the same when it cannot', async () => {
    server = await startNatsServer({ dir, syncAlways: true, monitor: true });
    expect(server.syncAlways).toBe(isAtLeast(server.version, 2, 10));
    const page = await fetch(`${server.monitorUrl}/varz`);
    const { jetstream: settings } = (await page.json()) as { jetstream: { config: { sync_always?: boolean } } };
    expect(settings.config.sync_always ?? false).toBe(server.syncAlways);
  });

  it('takes further configuration, a payload limit and the monitoring pages', async () => {
    server = await startNatsServer({
      monitor: true,
      maxPayloadBytes: 4_096,
      configText: 'authorization { user: someone, password: secret }',
    });
    await expect(connect({ servers: server.url })).rejects.toThrow(/authorization/i);
    const connection = await connect({ servers: server.url, user: 'someone', pass: 'secret' });
    expect(connection.info?.max_payload).toBe(4_096);
    await connection.close();
    const page = await fetch(`${server.monitorUrl}/healthz`);
    expect(page.status).toBe(200);
  });

  it('says what the server said when the configuration is wrong', async () => {
    await expect(startNatsServer({ dir, configText: 'no_such_setting: 1' })).rejects.toThrow(/no_such_setting/);
  });

  it('says how to install a server that is not there', async () => {
    await expect(startNatsServer({ binary: '/nowhere/nats-server' })).rejects.toThrow(/does not run.*install it with/s);
  });
});

async function publish(to: NatsServer, subject: string, text: string): Promise<void> {
  const connection = await connect({ servers: to.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept.>'], storage: StorageType.File });
  await jetstream(connection).publish(subject, text);
  await connection.close();
}

async function firstMessage(from: NatsServer, subject: string): Promise<string | undefined> {
  const connection = await connect({ servers: from.url });
  const manager = await jetstreamManager(connection);
  const message = await manager.streams.getMessage('KEPT', { last_by_subj: subject });
  await connection.close();
  return message?.string();
}
