import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalWorld, type LocalWorldOptions, openLocalWorld } from '@rangeward/cli/local/open-local-world';
import { runServicesApart, runServicesHere } from '@rangeward/cli/local/run-services';
import { followEvents } from '@rangeward/cli/story/follow-events';
import {
  type DomainEvent,
  type EventDefinition,
  type Run,
  type RunResult,
  runCompleted,
  runStarted,
} from '@rangeward/contracts';
import { createLife, type Life } from '@rangeward/service/life';
import { createLogger } from '@rangeward/service/log';

/** The whole system on real servers, and everything it said. */
export type LocalSystem = {
  readonly world: LocalWorld;
  readonly life: Life;
  readonly heard: readonly { readonly definition: EventDefinition; readonly event: DomainEvent }[];
  /** Data of all events of a kind, in the order they were said. */
  said<Definition extends EventDefinition>(definition: Definition): DataOf<Definition>[];
  /** Resolves when an event fits; looks at those already heard too. */
  until(what: string, fits: (definition: EventDefinition, event: DomainEvent) => boolean): Promise<DomainEvent>;
  /** Resolves when every run that was opened is over. */
  untilQuiet(): Promise<void>;
  readLog(): Promise<string>;
  close(): Promise<void>;
};

type DataOf<Definition> = Definition extends EventDefinition<infer Schema> ? Schema['_zod']['output'] : never;

export async function openLocalSystem(
  options: Pick<LocalWorldOptions, 'market'> &
    Partial<LocalWorldOptions> & { apart?: boolean; env?: NodeJS.ProcessEnv },
): Promise<LocalSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-e2e-'));
  const life = createLife({ log: createLogger({ service: 'test', level: 'silent' }) });
  const heard: { definition: EventDefinition; event: DomainEvent }[] = [];
  const waiting = new Set<() => void>();
  const logFile = join(folder, 'services.log');
  try {
    const { cacheDir } = { cacheDir: join(folder, 'cache'), ...options };
    const world = await openLocalWorld(life, { durable: false, ...options, cacheDir, folder });
    const hear = (definition: EventDefinition, event: DomainEvent) => {
      heard.push({ definition, event });
      for (const look of waiting) look();
    };
    await life.open(
      'ears',
      () => followEvents({ url: world.nats.url }, hear),
      (follower) => follower.close(),
    );
    if (options.apart)
      await runServicesApart(life, { folder, configFile: world.configFile, env: { ...process.env, ...options.env } });
    else {
      const log = createWriteStream(logFile);
      await runServicesHere(life, {
        files: [world.configFile],
        env: {},
        destination: { write: (text: string) => void log.write(text) },
      });
    }
    return system({ world, life, heard, waiting, folder, logFile });
  } catch (error) {
    await life.close();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

type Parts = {
  world: LocalWorld;
  life: Life;
  heard: { definition: EventDefinition; event: DomainEvent }[];
  waiting: Set<() => void>;
  folder: string;
  logFile: string;
};

function system({ world, life, heard, waiting, folder, logFile }: Parts): LocalSystem {
  const untilTrue = (what: string, look: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const settle = (done: () => void) => {
        waiting.delete(check);
        clearTimeout(timer);
        done();
      };
      const check = () => look() && settle(resolve);
      const timer = setTimeout(
        () => settle(() => reject(new Error(`waited 90 s for ${what}; last heard: ${lastOf(heard)}`))),
        90_000,
      );
      waiting.add(check);
      check();
    });
  return {
    world,
    life,
    heard,
    said: (definition) =>
      heard.filter((one) => one.definition.name === definition.name).map(({ event }) => event.data as never),
    until: async (what, fits) => {
      const find = () => heard.find(({ definition, event }) => fits(definition, event))?.event;
      await untilTrue(what, () => find() !== undefined);
      return find() as DomainEvent;
    },
    untilQuiet: () => untilTrue('the open runs', () => openRuns(heard).length === 0),
    readLog: () => readFile(logFile, 'utf8').catch(() => ''),
    close: async () => {
      await life.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Triggers that no run answered yet count as open runs: their run is about to be. */
function openRuns(heard: Parts['heard']): string[] {
  const ids = new Set<string>();
  const answered = new Set<string>();
  for (const { definition, event } of heard) {
    if (definition.name === runStarted.name) {
      ids.add((event.data as { run: Run }).run.id);
      answered.add((event.data as { triggerId: string }).triggerId);
    }
  }
  for (const { definition, event } of heard) {
    if (definition.name === runCompleted.name) ids.delete((event.data as { result: RunResult }).result.runId);
    if (definition.name.startsWith('trigger.') && !answered.has(event.envelope.id)) ids.add(event.envelope.id);
  }
  return [...ids];
}

function lastOf(heard: Parts['heard']): string {
  return heard
    .slice(-5)
    .map(({ definition, event }) => `${definition.name} ${event.envelope.time}`)
    .join(', ');
}
