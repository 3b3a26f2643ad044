import { Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
  type Status,
} from '@nats-io/transport-node';
import type { Log } from './log.ts';
import type { Credentials, TlsFiles } from './settings.ts';

type ConnectOptions = {
  /** nats://host:port, several separated by commas. */
  readonly url: string;
  /** Names the connection on the server, and the inbox that the server's permissions allow to this service alone. */
  readonly service: string;
  readonly log: Log;
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsFiles | undefined;
};

/** `_INBOX_<service>`: replies of one service cannot be read with the rights of another. */
export function inboxPrefix(service: string): string {
  return `_INBOX_${service}`;
}

/**
 * Connects, and keeps trying for ever once connected. A server that hangs is noticed within three seconds.
 * Throws an Error that names the address when nobody answers there or the credentials are refused.
 */
export async function connectNats(options: ConnectOptions): Promise<NatsConnection> {
  const nc = await connect(connectionOptions(options)).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`NATS at ${withoutCredentials(options.url)} cannot be used by ${options.service}: ${why}`, {
      cause,
    });
  });
  writeTogether(nc);
  void logStatus(nc, options.log);
  return nc;
}

function connectionOptions(options: ConnectOptions): ConnectionOptions {
  return {
    servers: options.url.split(',').map((url) => url.trim()),
    name: options.service,
    inboxPrefix: inboxPrefix(options.service),
    // A stack trace per request costs two fifths of the throughput.
    noAsyncTraces: true,
    pingInterval: 1_000,
    maxPingOut: 2,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    ignoreAuthErrorAbort: true,
    ...authentication(options.credentials),
    ...encryption(options.tls),
  };
}

function authentication(credentials: Credentials | undefined): ConnectionOptions {
  if (credentials === undefined) return {};
  if ('nkeySeed' in credentials) {
    return { authenticator: nkeyAuthenticator(new TextEncoder().encode(credentials.nkeySeed)) };
  }
  if ('token' in credentials) return { token: credentials.token };
  return { user: credentials.user, pass: credentials.password };
}

function encryption(tls: TlsFiles | undefined): ConnectionOptions {
  if (tls === undefined) return {};
  const { caFile, certFile, keyFile } = tls;
  return {
    tls: {
      ...(caFile === undefined ? {} : { caFile }),
      ...(certFile === undefined ? {} : { certFile }),
      ...(keyFile === undefined ? {} : { keyFile }),
    },
  };
}

async function logStatus(nc: NatsConnection, log: Log): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'reconnect') writeTogether(nc);
    logOne(status, log);
  }
}

/**
 * Lets everything written in one turn of the event loop go out in one system call. The client writes once for each
 * message that is published or acknowledged from a promise of its own; that was a tenth of the cost of a busy service,
 * and a quarter of the server's. Where the client keeps its socket is not part of its interface: elsewhere than it was,
 * everything works as before.
 */
function writeTogether(nc: NatsConnection): void {
  const { protocol } = nc as unknown as { protocol?: { transport?: { socket?: unknown } } };
  const socket = protocol?.transport?.socket;
  if (!(socket instanceof Socket)) return;
  const write = socket.write.bind(socket);
  let waiting = false;
  const send = () => {
    waiting = false;
    socket.uncork();
  };
  const writeLater = (...given: Parameters<typeof write>) => {
    if (!waiting) {
      waiting = true;
      socket.cork();
      process.nextTick(send);
    }
    return write(...given);
  };
  // One of the forms of write, which is overloaded.
  socket.write = writeLater as typeof socket.write;
}

function logOne(status: Status, log: Log): void {
  if (status.type === 'disconnect') log.warn({ server: status.server }, 'NATS connection lost');
  else if (status.type === 'reconnect') log.info({ server: status.server }, 'NATS connection is back');
  else if (status.type === 'staleConnection') log.warn({}, 'NATS server does not answer pings');
  else if (status.type === 'error') logError(status.error, log);
  else if (status.type !== 'ping') log.debug({ status: status.type }, 'NATS connection status');
}

function logError(error: Error, log: Log): void {
  if (error instanceof PermissionViolationError) {
    const { operation, subject } = error;
    log.warn({ security: true, operation, subject }, 'NATS server refused what our user may not do');
  } else {
    log.warn({ reason: error.message }, 'NATS server reported an error');
  }
}

function withoutCredentials(url: string): string {
  return url.replaceAll(/\/\/[^@/,]*@/g, '//');
}
