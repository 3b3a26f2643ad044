import { statfs, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Binary, findBinary, isAtLeast } from './find-binary.ts';
import { freePort } from './free-port.ts';
import { placeServer, type RunningServer, type ServerDir, startServer } from './server-process.ts';

interface NatsServerOptions {
  /** Where JetStream keeps its data; kept on stop. Without it a temporary folder is made and removed on stop. */
  readonly dir?: string;
  readonly port?: number;
  /** Path of the program; otherwise PATH and the usual folders. */
  readonly binary?: string;
  /** fsync before every acknowledgement. Servers older than 2.10 do not know the setting and run without it. */
  readonly syncAlways?: boolean;
  /** Appended to the configuration file: accounts, users, limits. */
  readonly configText?: string;
  readonly maxPayloadBytes?: number;
  /** Serve the monitoring pages too (`monitorUrl`). */
  readonly monitor?: boolean;
}

export interface NatsServer extends RunningServer {
  /** nats://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  readonly monitorUrl?: string;
  readonly version: string;
  /** Whether the running server really syncs before it acknowledges. */
  readonly syncAlways: boolean;
}

const howToInstall =
  'install it with "apt-get install nats-server", "brew install nats-server" or from https://github.com/nats-io/nats-server/releases, or name its path.';

/** A real nats-server with JetStream on 127.0.0.1; resolves when it has accepted a connection with JetStream on. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = await findBinary('nats-server', options.binary, howToInstall);
  return placeServer('nats', options, async (dir, port) => {
    const monitorPort = options.monitor === true ? await freePort() : undefined;
    const syncAlways = options.syncAlways === true && isAtLeast(binary.version, 2, 10);
    const configFile = join(dir.path, 'nats-server.conf');
    await writeFile(configFile, await configuration(options, { binary, dir, port, monitorPort, syncAlways }));
    const server = await startServer({
      name: 'nats-server',
      command: binary.command,
      args: ['--config', configFile],
      dir,
      port,
      answers: () => offersJetStream(port),
    });
    return Object.assign(server, {
      url: `nats://127.0.0.1:${port}`,
      port,
      version: binary.version,
      syncAlways,
      ...(monitorPort === undefined ? {} : { monitorUrl: `http://127.0.0.1:${monitorPort}` }),
    });
  });
}

interface Place {
  readonly binary: Binary;
  readonly dir: ServerDir;
  readonly port: number;
  readonly monitorPort: number | undefined;
  readonly syncAlways: boolean;
}

async function configuration(options: NatsServerOptions, place: Place): Promise<string> {
  const storeDir = join(place.dir.path, 'jetstream');
  const lines = [
    'server_name: rangeward-local',
    'host: 127.0.0.1',
    `port: ${place.port}`,
    ...(place.monitorPort === undefined ? [] : [`http: "127.0.0.1:${place.monitorPort}"`]),
    ...(options.maxPayloadBytes === undefined ? [] : [`max_payload: ${options.maxPayloadBytes}`]),
    'jetstream {',
    `  store_dir: ${JSON.stringify(storeDir)}`,
    `  max_file_store: ${await maxFileStoreBytes(place.dir.path)}`,
    '  max_memory_store: 268435456',
    ...(place.syncAlways ? ['  sync_interval: always'] : []),
    '}',
    options.configText ?? '',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Half of the free disk, at most 8 GiB: a server that hits its own limit refuses cleanly and recovers, one that
 * fills the disk may lose acknowledged messages.
 */
async function maxFileStoreBytes(dir: string): Promise<number> {
  const disk = await statfs(dir);
  return Math.min(8 * 2 ** 30, Math.floor((disk.bavail * disk.bsize) / 2));
}

/** A NATS server greets every connection with an INFO line that says whether JetStream is on. */
function offersJetStream(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let greeting = '';
    socket.setEncoding('utf8').setTimeout(1_000, () => socket.destroy(new Error('no greeting')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before the greeting')));
    socket.on('data', (text: string) => {
      greeting += text;
      if (!greeting.includes('\r\n')) return;
      resolve(greeting.startsWith('INFO ') && greeting.includes('"jetstream":true'));
      socket.destroy();
    });
  });
}
