import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { traceCommands } from './command-span.ts';
import type { RedisSettings } from './settings.ts';

export type { Redis } from 'ioredis';

type NetStream = Redis['stream'];

type RedisConnection = {
  /** redis:// or rediss://, with an optional database number as its path. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM files of an encrypted connection, rediss://. */
  readonly tls?: RedisSettings['tls'] | undefined;
  /** Shown by CLIENT LIST. */
  readonly name?: string | undefined;
  /** A command without an answer fails after this long, so that a hung server is noticed (default 1,000). */
  readonly commandTimeoutMs?: number | undefined;
  /** How long the first connection is tried before giving up (default 10,000). */
  readonly connectWithinMs?: number | undefined;
  readonly log?: RedisLog | undefined;
};

type RedisLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

/**
 * Opens a connection and waits until the server serves commands. Commands of one turn of the event loop go out
 * together. A lost connection is opened again with growing pauses, and commands wait for it within their time-out;
 * errors of the connection are logged, never thrown past a command.
 *
 * Throws RedisUnavailable, naming host and port only, when the server refuses us or does not answer in time.
 */
export async function connectRedis(connection: RedisConnection): Promise<Redis> {
  const place = parseRedisUrl(connection.url);
  const redis = new Redis({
    ...place.address,
    ...(connection.tls === undefined ? {} : { tls: await readTls(connection.tls) }),
    username: connection.username ?? place.username,
    password: connection.password ?? place.password,
    connectionName: connection.name,
    commandTimeout: connection.commandTimeoutMs ?? 1_000,
    connectTimeout: 5_000,
    maxRetriesPerRequest: 3,
    lazyConnect: true,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2_000),
  });
  redis.on('connect', () => sendTogether(redis.stream));
  traceCommands(redis);
  logConnection(redis, place.shown, connection.log);
  await becomeReady(redis, place.shown, connection.connectWithinMs ?? 10_000);
  return redis;
}

/**
 * Lets everything written in one turn of the event loop go out in one system call. ioredis' own automatic pipelining does
 * so too, but wraps each turn in a pipeline, which costs as much again as the command where there is one at a time.
 */
function sendTogether(socket: NetStream): void {
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

/** The files as TLS takes them. Throws RedisUnavailable that names a file which cannot be read. */
async function readTls(files: NonNullable<RedisSettings['tls']>): Promise<SecureContextOptions> {
  const read = async (file: string | undefined) => {
    if (file === undefined) return undefined;
    return await readFile(file).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      throw new RedisUnavailable(`${file} of redis.tls cannot be read (${code})`);
    });
  };
  const [ca, cert, key] = await Promise.all([read(files.caFile), read(files.certFile), read(files.keyFile)]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** Ends the connection after the answers that are under way; of a server that is gone nothing is waited for. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => {});
  // Also when QUIT was not answered: neither socket nor reconnecting may keep the process alive.
  if (redis.status !== 'end') redis.disconnect();
}

export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

function becomeReady(redis: Redis, shown: string, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let lastError = 'no answer';
    const timer = setTimeout(() => fail(`Redis at ${shown} is not ready after ${withinMs} ms: ${lastError}`), withinMs);
    const settle = () => {
      clearTimeout(timer);
      redis.off('ready', succeed);
      redis.off('error', onError);
    };
    const succeed = () => {
      settle();
      resolve();
    };
    const fail = (message: string) => {
      settle();
      redis.disconnect();
      reject(new RedisUnavailable(message));
    };
    const onError = (error: Error) => {
      lastError = describeError(error);
      // Waiting does not mend credentials.
      if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(error.message)) fail(`Redis at ${shown} refuses us: ${lastError}`);
    };
    redis.on('ready', succeed);
    redis.on('error', onError);
    // Its rejection says "Connection is closed" for every cause; the events above know more.
    redis.connect().catch(() => {});
  });
}

function logConnection(redis: Redis, shown: string, log: RedisLog | undefined): void {
  // Without a listener ioredis would print errors to the console by itself.
  redis.on('error', (error: Error) =>
    log?.warn({ redis: shown, reason: describeError(error) }, 'redis connection error'),
  );
  redis.on('ready', () => log?.info({ redis: shown }, 'redis ready'));
  redis.on('reconnecting', (delayMs: number) => log?.warn({ redis: shown, delayMs }, 'redis connection lost'));
}

/** Node names the cause in `code` where the message may be empty (several addresses tried). */
function describeError(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return error.message === '' ? code || error.name : error.message;
}

function parseRedisUrl(text: string) {
  if (!URL.canParse(text)) throw new RedisUnavailable('the Redis URL is not a URL; expected redis://host:port');
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new RedisUnavailable(`the Redis URL begins with ${url.protocol}// ; expected redis:// or rediss://`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 6379 : Number(url.port);
  const db = /^\/\d+$/.test(url.pathname) ? Number(url.pathname.slice(1)) : 0;
  return {
    address: { host, port, db, ...(url.protocol === 'rediss:' ? { tls: {} } : {}) },
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    shown: `${url.protocol}//${url.hostname}:${port}`,
  };
}
