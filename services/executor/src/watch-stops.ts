import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { AuditNotes } from '@rangeward/adapter-nats/audit-notes';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { readStop, stopTrading, type TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { Logger } from '@rangeward/service/log';
import { watchEvery } from './watch-every.ts';

export type StopWatch = {
  /** The stop that stands: what this process was told itself, the file, or what stands in Redis. Throws when Redis does not answer. */
  asked(): Promise<TradingStop | null>;
  /** Stops at once in this process, and for all as soon as Redis takes it. */
  stop(stop: TradingStop): void;
  close(): Promise<void>;
};

type StopOptions = {
  readonly redis: Redis;
  /** While there is a file of this name, trading is killed. */
  readonly killFile?: string | undefined;
  readonly log: Logger;
  readonly now: () => number;
  /** Told once of each stop that this process made stand. */
  readonly onStopped?: (stop: TradingStop) => void;
};

/** How often the file is looked for, and a stop that Redis has not taken is offered again. */
const LOOK_MS = 250;

/**
 * Every way in which trading is stopped comes together here. What reaches this process counts at once; it is written to
 * Redis for the others, and once it stands there only `rangeward resume` takes it away.
 */
export function watchStops({ redis, killFile, log, now, onStopped }: StopOptions): StopWatch {
  let told: TradingStop | null = null;
  const stop = (next: TradingStop) => {
    // A kill is never made a pause.
    if (told === null || (told.state === 'paused' && next.state === 'killed')) told = next;
  };
  /** Looked at anew each time, so that a file that is gone stops nothing after the resume that follows. */
  const fileStop = async (): Promise<TradingStop | null> => {
    if (killFile === undefined || !(await exists(killFile))) return null;
    const at = new Date(now()).toISOString();
    return { state: 'killed', by: 'whoever made the file', reason: `${killFile} exists`, through: 'file', at };
  };
  const passOn = async () => {
    const own = told;
    const next = own ?? (await fileStop());
    if (next === null) return;
    const { changed } = await stopTrading(redis, next);
    if (changed) {
      log.error({ stop: next }, `live trading is ${next.state}: ${next.reason}`);
      onStopped?.(next);
    }
    // From here on Redis says it, to this process too.
    if (told === own) told = null;
  };
  const look = watchEvery(LOOK_MS, passOn, (error) => log.warn({ err: error }, 'a stop is not written down yet'));
  return {
    asked: async () => told ?? (await fileStop()) ?? readStop(redis),
    stop: (next) => {
      stop(next);
      passOn().catch((error: unknown) => log.warn({ err: error }, 'a stop is not written down yet'));
    },
    close: () => look.stop(),
  };
}

/** The stop watch of a process: file, SIGUSR2 and whatever is told to it, with an entry in the audit trail of each. */
export function openStops(
  of: Pick<StopOptions, 'redis' | 'log' | 'now'> & {
    readonly config: { readonly executor: { readonly killFile?: string | undefined } };
  },
  audit: Pick<AuditNotes, 'note'>,
): StopWatch {
  const { redis, log, now, config } = of;
  const host = hostname();
  const watch = watchStops({
    redis,
    killFile: config.executor.killFile,
    log,
    now,
    // Power over money is used first and written down afterwards, so that a broker that is away keeps nobody from a stop.
    onStopped: ({ state, by, reason, through }) =>
      audit.note({
        actor: `${by}, seen on ${host}`,
        action: state === 'killed' ? 'kill' : 'pause',
        reason,
        detail: { through },
      }),
  });
  const onSignal = () => {
    const at = new Date(now()).toISOString();
    const by = `whoever may signal process ${process.pid}`;
    watch.stop({ state: 'killed', by, reason: 'SIGUSR2', through: 'signal', at });
  };
  process.on('SIGUSR2', onSignal);
  return {
    ...watch,
    close: async () => {
      process.off('SIGUSR2', onSignal);
      await watch.close();
    },
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    // A file that cannot be looked at may be there.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
}
