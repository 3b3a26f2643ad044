import { startNatsServer } from '@rangeward/localnet/nats-server';
import { describe, expect, it } from 'vitest';
import { natsServers } from '../test/bus-world.ts';
import { openBroker } from './broker.ts';
import { inspectBroker } from './inspect-broker.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const users = 'authorization { user: rangeward, password: secret }';

describe.each(natsServers(process.env.NATS_SERVER_BINARIES))('what %s says of itself', (binary) => {
  const own = binary === 'nats-server' ? {} : { binary };

  it.each([true, false])('is read from the server and its monitoring pages; careful: %s', async (careful) => {
    await using server = await disposable({
      ...own,
      syncAlways: careful,
      monitor: true,
      configText: careful ? users : '',
    });
    const credentials = careful ? { user: 'rangeward', password: 'secret' } : undefined;
    const broker = await openBroker({ url: server.url, service: 'executor', log: silent, credentials });
    try {
      const traits = await inspectBroker(broker, server.monitorUrl);
      // nats-server 2.9 does not know sync_interval and runs without.
      expect(traits).toEqual({ version: server.version, asksWho: careful, syncAlways: server.syncAlways });
      expect((await inspectBroker(broker, undefined)).syncAlways).toEqual({ unseen: 'nats.monitorUrl is not set' });
      expect((await inspectBroker(broker, 'http://127.0.0.1:1')).syncAlways).toMatchObject({
        unseen: expect.stringContaining('does not answer'),
      });
      await using other = await disposable({ ...own, monitor: true });
      expect((await inspectBroker(broker, other.monitorUrl)).syncAlways).toMatchObject({
        unseen: expect.stringContaining('is not the server that we are connected to'),
      });
    } finally {
      await broker.close();
    }
  });
});

async function disposable(options: Parameters<typeof startNatsServer>[0]) {
  const server = await startNatsServer(options);
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}
