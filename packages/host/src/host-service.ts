import { brokerAccess } from '@rangeward/adapter-nats/access';
import { type NatsBus, openBus } from '@rangeward/adapter-nats/open-bus';
import type { NatsSettings } from '@rangeward/adapter-nats/settings';
import { closeRedis, connectRedis, type Redis } from '@rangeward/adapter-redis/connect';
import { createInbox } from '@rangeward/adapter-redis/inbox';
import type { RedisSettings } from '@rangeward/adapter-redis/settings';
import type { ServiceName } from '@rangeward/contracts';
import { loadConfig } from '@rangeward/service/config';
import { startHealth } from '@rangeward/service/health';
import type { Life } from '@rangeward/service/life';
import { createLogger, type Logger, type LoggerOptions } from '@rangeward/service/log';
import { createScrubber, type Scrub } from '@rangeward/service/scrub';
import type { ProcessSettings } from '@rangeward/service/settings';
import { startTelemetry } from '@rangeward/service/telemetry';
import type { z } from 'zod';
import { configSections } from './config-sections.ts';
import { keepRecord } from './keep-record.ts';

/** What every service's configuration has, beside its own section. */
type HostedSettings = ProcessSettings & { readonly nats: NatsSettings; readonly redis: RedisSettings };

/** What a service is given to work with. */
export type HostedDependencies<Config> = {
  readonly bus: NatsBus;
  readonly redis: Redis;
  readonly config: Config;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly scrub: Scrub;
};

export type RunningService = {
  stop(): Promise<void>;
  /** What the service itself needs to be ready, beside the bus; ready when absent. */
  readiness?(): { readonly ready: boolean; readonly detail: Readonly<Record<string, string>> };
};

export type HostedService<Schema extends z.ZodObject> = {
  readonly name: ServiceName;
  readonly settings: Schema;
  readonly start: (dependencies: HostedDependencies<z.output<Schema>>) => Promise<RunningService>;
  /** What of its configuration limits what it may do: a change of it stands in the audit trail. No secrets. */
  readonly limits?: (config: z.output<Schema>) => unknown;
  /** False for whoever hears error notifications. */
  readonly notifyErrors?: boolean;
};

/** Where the configuration comes from and where log lines go. */
export type HostSources = {
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly destination?: LoggerOptions['destination'];
  /** Serves /healthz and /readyz, and owns the process's telemetry; off when several services share a process. */
  readonly alone: boolean;
};

/**
 * Wires one service as it runs in production, whether it has a process of its own or shares one: configuration, log,
 * telemetry, state, bus, the service, health. What was opened is closed by the life, in reverse. Throws ConfigError when
 * the configuration is refused, and the part's own error, by name, when something does not open.
 */
export async function hostService<Schema extends z.ZodObject>(
  life: Life,
  service: HostedService<Schema>,
  sources: HostSources,
): Promise<{ readonly bus: NatsBus }> {
  const { name } = service;
  const loaded = loadConfig({
    schema: service.settings,
    files: sources.files,
    env: sources.env,
    knownSections: configSections,
  });
  // Every service's schema spreads the host's settings, which the generic parameter cannot say.
  const config = loaded.config as z.output<Schema> & HostedSettings;
  const scrub = createScrubber(loaded.secrets);
  const destination = sources.destination === undefined ? {} : { destination: sources.destination };
  const log = createLogger({ service: name, level: config.log.level, scrub, ...destination });
  let readiness: RunningService['readiness'] = () => ({ ready: false, detail: { [name]: 'starting' } });
  if (sources.alone) {
    life.reportTo(log);
    await life.open(
      'telemetry',
      () => startTelemetry({ service: name, env: loaded.environment, log }),
      (telemetry) => telemetry.shutdown(),
    );
    await life.open(
      'health',
      () =>
        startHealth({
          ...config.health,
          readiness: () => readiness?.() ?? { ready: false, detail: {} },
          draining: () => life.signal.aborted,
        }),
      (health) => health.close(),
    );
  }
  const redis = await life.open(`${name}: redis`, () => connectRedis({ ...config.redis, name, log }), closeRedis);
  const bus = await life.open(
    `${name}: bus`,
    () => openServiceBus({ service, config, redis, scrub, log }),
    (opened) => opened.drain(),
  );
  await life.open(
    `${name}: record`,
    async () =>
      keepRecord({ service: name, broker: bus.broker, redis, log, limits: service.limits?.(loaded.config) ?? {} }),
    (record) => record.end(),
  );
  const running = await life.open(
    name,
    () => service.start({ bus, redis, config, log, now: Date.now, scrub }),
    (started) => started.stop(),
  );
  readiness = () => bothReady(bus.readiness(), running.readiness?.());
  log.info({ ...bus.readiness().detail }, 'ready');
  return { bus };
}

type BusNeeds = {
  readonly service: { readonly name: ServiceName; readonly notifyErrors?: boolean };
  readonly config: HostedSettings;
  readonly redis: Redis;
  readonly scrub: Scrub;
  readonly log: Logger;
};

async function openServiceBus({ service, config, redis, scrub, log }: BusNeeds): Promise<NatsBus> {
  return openBus({
    ...(await brokerAccess(config.nats, service.name, log)),
    service: service.name,
    replicas: config.nats.replicas,
    inbox: createInbox(redis),
    notifyErrors: service.notifyErrors ?? true,
    scrub,
    log,
  });
}

type Readiness = ReturnType<NonNullable<RunningService['readiness']>>;

function bothReady(bus: Readiness, own: Readiness | undefined): Readiness {
  return { ready: bus.ready && (own?.ready ?? true), detail: { ...bus.detail, ...own?.detail } };
}
