import { brokerAccess } from '@rangeward/adapter-nats/access';
import { openBroker } from '@rangeward/adapter-nats/broker';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { configFiles } from '@rangeward/host/config-files';
import { configSections } from '@rangeward/host/config-sections';
import { loadConfig } from '@rangeward/service/config';
import { environment, type Settings, settings } from './config.ts';
import { readRunning } from './local/running.ts';

/** Flags that every command takes. */
export type GlobalFlags = { readonly config?: string; readonly nats?: string; readonly redis?: string };

/** Files in force: --config, else RANGEWARD_CONFIG or ./rangeward.yaml, else those of the local world that runs. */
export function filesInForce(flags: GlobalFlags): string[] {
  if (flags.config !== undefined) return [flags.config];
  const files = configFiles(environment);
  const running = readRunning();
  return files.length === 0 && running !== null ? [running.configFile] : files;
}

export function loadSettings(flags: GlobalFlags): Settings {
  return loadConfig({
    schema: settings,
    files: filesInForce(flags),
    env: environment,
    knownSections: configSections,
    flags: { 'nats.url': flags.nats, 'redis.url': flags.redis },
  }).config;
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

export type NatsAccess = Awaited<ReturnType<typeof openBroker>>;

/** Runs something with a connection to the broker, and closes it whatever happens. */
export async function withNats<T>(
  flags: GlobalFlags,
  use: (broker: NatsAccess, config: Settings) => Promise<T>,
): Promise<T> {
  const config = loadSettings(flags);
  const access = await brokerAccess(config.nats, 'operator', silent);
  const broker = await openBroker({ ...access, service: 'operator', log: silent });
  try {
    return await use(broker, config);
  } finally {
    await broker.close();
  }
}

/** Runs something with a connection to the state, and closes it whatever happens. */
export async function withRedis<T>(
  flags: GlobalFlags,
  use: (redis: Redis, config: Settings) => Promise<T>,
): Promise<T> {
  const config = loadSettings(flags);
  const redis = await connectRedis({ ...config.redis, name: 'operator', connectWithinMs: 3_000 });
  try {
    return await use(redis, config);
  } finally {
    await closeRedis(redis);
  }
}
