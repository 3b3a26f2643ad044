import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalWorld, type LocalWorldOptions, openLocalWorld } from '@rangeward/cli/local/open-local-world';
import { runServicesApart, runServicesHere } from '@rangeward/cli/local/run-services';
import { ownFolder } from '@rangeward/cli/local/running';
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
  const waiting: Parts['waiting'] = new Set();
  const runs = createOpenRuns();
  const logFile = join(folder, 'services.log');
  try {
    const world = await openLocalWorld(life, {
      durable: false,
      cacheDir: join(ownFolder, 'cache'),
      ...options,
      folder,
    });
    const hear = (definition: EventDefinition, event: DomainEvent) => {
      heard.push({ definition, event });
      runs.hear(definition, event);
      for (const look of waiting) look(definition, event);
    };
    await life.open(
      'ears',
      () => followEvents({ url: world.nats.url }, hear),
      (follower) => follower.close(),
    );
    if (options.apart)
      await runServicesApart(life, {
        logFolder: folder,
        configFile: world.configFile,
        env: { ...process.env, ...options.env },
      });
    else {
      const log = createWriteStream(logFile);
      await runServicesHere(life, {
        files: [world.configFile],
        env: {},
        destination: { write: (text: string) => void log.write(text) },
      });
    }
    return system({ world, life, heard, runs, waiting, folder, logFile });
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
  runs: ReturnType<typeof createOpenRuns>;
  waiting: Set<(definition: EventDefinition, event: DomainEvent) => void>;
  folder: string;
  logFile: string;
};

function system({ world, life, heard, runs, waiting, folder, logFile }: Parts): LocalSystem {
  const untilHeard = (what: string, fits: (definition: EventDefinition, event: DomainEvent) => boolean) =>
    new Promise<DomainEvent>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`waited 90 s for ${what}; last heard: ${lastOf(heard)}`));
      }, 90_000);
      const look = (definition: EventDefinition, event: DomainEvent) => {
        if (!fits(definition, event)) return;
        waiting.delete(look);
        clearTimeout(timer);
        resolve(event);
      };
      waiting.add(look);
    });
  return {
    world,
    life,
    heard,
    said: (definition) =>
      heard.filter((one) => one.definition.name === definition.name).map(({ event }) => event.data as never),
    until: async (what, fits) => {
      const found = heard.findLast(({ definition, event }) => fits(definition, event))?.event;
      return found ?? (await untilHeard(what, fits));
    },
    untilQuiet: async () => {
      if (runs.open.size > 0) await untilHeard('the open runs', () => runs.open.size === 0);
    },
    readLog: () => readFile(logFile, 'utf8').catch(() => ''),
    close: async () => {
      await life.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs that are not over, kept up to date event by event. A trigger that no run answered yet counts as one. */
function createOpenRuns() {
  const open = new Set<string>();
  const answered = new Set<string>();
  return {
    open,
    hear(definition: EventDefinition, event: DomainEvent): void {
      if (definition.name === runStarted.name) {
        const { run, triggerId } = event.data as { run: Run; triggerId: string };
        open.add(run.id);
        open.delete(triggerId);
        answered.add(triggerId);
      } else if (definition.name === runCompleted.name) {
        open.delete((event.data as { result: RunResult }).result.runId);
      } else if (definition.name.startsWith('trigger.') && !answered.has(event.envelope.id)) {
        open.add(event.envelope.id);
      }
    },
  };
}

function lastOf(heard: Parts['heard']): string {
  return heard
    .slice(-5)
    .map(({ definition, event }) => `${definition.name} ${event.envelope.time}`)
    .join(', ');
}
