import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findBinary } from './find-binary.ts';
import { placeServer, type RunningServer, startServer } from './server-process.ts';

interface RedisServerOptions {
  /** Where the append-only file lies; kept on stop. Without it a temporary folder is made and removed on stop. */
  readonly dir?: string;
  readonly port?: number;
  /** Path of the program; otherwise PATH and the usual folders. */
  readonly binary?: string;
  /** Keep an append-only file (default true). Without it nothing survives a restart. */
  readonly appendOnly?: boolean;
  /** `always` for what guards money; `everysec` (default) may lose the last second at power loss. */
  readonly appendfsync?: 'always' | 'everysec';
  /** Path of an ACL file (users and rules). */
  readonly aclFile?: string;
}

export interface RedisServer extends RunningServer {
  /** redis://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  readonly version: string;
}

const howToInstall =
  'install it with "apt-get install redis-server" or "brew install redis" (https://redis.io/docs/latest/operate/oss_and_stack/install), or name its path.';

/** A real redis-server on 127.0.0.1 that never evicts; resolves when it has loaded its data and answers PING. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = await findBinary('redis-server', options.binary, howToInstall);
  return placeServer('redis', options, async (dir, port) => {
    const server = await startServer({
      name: 'redis-server',
      command: binary.command,
      args: settings(options, dir.path, port),
      dir,
      port,
      answers: () => servesCommands(port, join(dir.path, 'redis-server.log')),
    });
    return Object.assign(server, { url: `redis://127.0.0.1:${port}`, port, version: binary.version });
  });
}

function settings(options: RedisServerOptions, dir: string, port: number): string[] {
  return [
    ['--port', String(port)],
    ['--bind', '127.0.0.1'],
    ['--dir', dir],
    ['--daemonize', 'no'],
    // State must not vanish under memory pressure: a full instance refuses writes instead.
    ['--maxmemory-policy', 'noeviction'],
    ['--save', ''],
    ['--appendonly', options.appendOnly === false ? 'no' : 'yes'],
    ['--appendfsync', options.appendfsync ?? 'everysec'],
    ...(options.aclFile === undefined ? [] : [['--aclfile', options.aclFile]]),
  ].flat();
}

async function servesCommands(port: number, logFile: string): Promise<boolean> {
  const answer = await ping(port);
  if (answer.startsWith('+PONG')) return true;
  // With users defined, an unknown caller learns nothing about loading; then the log has to tell.
  return /^-(NOAUTH|NOPERM)/.test(answer) && (await readFile(logFile, 'utf8')).includes('Ready to accept connections');
}

function ping(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setEncoding('utf8').setTimeout(1_000, () => socket.destroy(new Error('no answer to PING')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before it answered PING')));
    socket.once('data', (text: string) => {
      resolve(text);
      socket.destroy();
    });
  });
}
