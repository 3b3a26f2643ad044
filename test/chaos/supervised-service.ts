import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@rangeward/contracts';
import { dieWithParent } from '@rangeward/localnet/die-with-parent';
import type { ChaosNotice, ChaosOrder } from './chaos-protocol.ts';

/** A service as a process of its own that is started again whenever it ends, as a container would be. */
export type SupervisedService = {
  readonly name: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Every process this service has been, in order. */
  readonly pids: readonly number[];
  /** Resolves when the process that runs now has said that it is ready. */
  ready(): Promise<void>;
  /** SIGKILL: the next process starts at once. */
  kill(): void;
  freeze(): void;
  wake(): void;
  readonly frozen: boolean;
  /** Resolves when the process has no message in hand. */
  idle(): Promise<void>;
  /** Lines of the log that say that we are wrong: a broken invariant or an exception nobody caught. */
  readonly broken: readonly string[];
  stop(): Promise<void>;
};

export type ServiceSpec = {
  readonly service: ServiceName;
  /** Tells replicas apart, in names and logs. */
  readonly replica?: number;
  readonly configFile: string;
  readonly logFile: string;
  readonly bug?: string | undefined;
  readonly productionTimes?: boolean;
  /** At every boundary of the executor; the process goes on when it resolves, and never when it does not. */
  readonly onBoundary?: (service: SupervisedService, place: string) => Promise<void>;
};

/** A service that never became ready in so many tries is not started again. */
const STARTS = 3;

const main = fileURLToPath(new URL('./chaos-service.ts', import.meta.url));

export function superviseService(spec: ServiceSpec): SupervisedService {
  const name = spec.replica === undefined ? spec.service : `${spec.service}-${spec.replica}`;
  const log = createWriteStream(spec.logFile, { flags: 'a' });
  const pids: number[] = [];
  const broken: string[] = [];
  let child: ChildProcess;
  let isReady: Promise<void>;
  let becameReady = () => {};
  let neverReady = () => {};
  let everReady = false;
  let settled = false;
  const waitingForIdle = new Set<() => void>();
  let busy = 0;
  let frozen = false;
  let stopping = false;

  const service: SupervisedService = {
    name,
    get pid() {
      return pids.at(-1) ?? 0;
    },
    pids,
    broken,
    ready: () => isReady,
    kill: () => void child.kill('SIGKILL'),
    freeze: () => {
      frozen = child.kill('SIGSTOP');
    },
    wake: () => {
      frozen = false;
      child.kill('SIGCONT');
    },
    get frozen() {
      return frozen;
    },
    idle: () => {
      if (busy === 0) return Promise.resolve();
      return new Promise((resolve) => waitingForIdle.add(resolve));
    },
    stop: async () => {
      stopping = true;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await gone;
      }
      log.end();
    },
  };

  const renewReady = () => {
    settled = false;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    isReady = promise;
    becameReady = () => {
      settled = true;
      everReady = true;
      resolve();
    };
    neverReady = () => reject(new Error(`${name} does not start; see ${spec.logFile}`));
  };
  const launch = () => {
    child = launchService(spec);
    if (child.pid !== undefined) pids.push(child.pid);
    const started = child;
    const count = (now: number) => {
      busy = now;
      if (busy > 0) return;
      for (const tell of waitingForIdle) tell();
      waitingForIdle.clear();
    };
    const answer = (notice: ChaosNotice) => {
      if ('busy' in notice) return count(notice.busy);
      const go: ChaosOrder = { go: notice.boundary };
      const allowed = spec.onBoundary?.(service, notice.place) ?? Promise.resolve();
      void allowed.then(() => started.connected && started.send(go, () => {}));
    };
    child.on('message', answer);
    if (pids.length === 1 || settled) renewReady();
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${name} ${started.pid} ${line}\n`);
        if (line.includes('"msg":"ready"')) becameReady();
        if (/"msg":"(bug: an error nobody caught|a broken invariant)/.test(line)) broken.push(`${name}: ${line}`);
      });
    }
    child.once('exit', async () => {
      frozen = false;
      count(0);
      if (!everReady && pids.length >= STARTS) return neverReady();
      await pause(50);
      if (!stopping) launch();
    });
  };
  launch();
  return service;
}

function launchService({ service, configFile, bug, productionTimes }: ServiceSpec): ChildProcess {
  const [program = process.execPath, ...args] = [...dieWithParent(), process.execPath, main, service];
  return spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      RANGEWARD_CONFIG: configFile,
      PORT: '0',
      // Hundreds of processes of one source: a third of each start is compiling it. A planted bug is another source.
      ...(bug ? {} : { NODE_COMPILE_CACHE: join(tmpdir(), 'rangeward-compiled') }),
      ...(bug ? { CHAOS_BUG: bug } : {}),
      ...(productionTimes ? { CHAOS_TIMES: 'production' } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
}
