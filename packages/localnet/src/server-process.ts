import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dieWithParent } from './die-with-parent.ts';
import { canListen, freePort } from './free-port.ts';

/** What to run and how to tell that it answers. */
interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly dir: ServerDir;
  /** Where it will listen on 127.0.0.1. */
  readonly port: number;
  /** Answers true once the server serves; false or a throw means "not yet". */
  readonly answers: () => Promise<boolean>;
}

/** A folder for one server's files; `own` ones were made here and go with the server. */
export interface ServerDir {
  readonly path: string;
  readonly own: boolean;
}

/** A real server as a child process. It never outlives this process. */
export interface RunningServer {
  /** The server's own process id (no wrapper in between); another one after `restart`. */
  readonly pid: number;
  /** Its data, configuration and log. */
  readonly dir: string;
  readonly logFile: string;
  /** Sends a signal and returns at once: SIGKILL for a crash, SIGSTOP and SIGCONT for a hang. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended, whoever ended it. */
  exited(): Promise<void>;
  /** Ends the process if it still runs, starts it again on the same folder and port, resolves when it answers. */
  restart(): Promise<void>;
  /** SIGTERM, then SIGKILL after 5 s; resolves when the process is gone and its own folder is removed. */
  stop(): Promise<void>;
}

const readyBoundMs = 20_000;
const stopBoundMs = 5_000;

/** Everything this process has running, so that the 'exit' handler can end it even after a crash. */
const running = new Set<ChildProcess>();
const ownDirs = new Set<string>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const dir of ownDirs) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

/**
 * Calls `start` with a folder and a port: those given (the folder is made when missing, and kept at the end), or a new
 * temporary folder that goes with the server, and free ports until nobody else has taken one in between.
 */
export async function placeServer<T>(
  name: string,
  given: { readonly dir?: string; readonly port?: number },
  start: (dir: ServerDir, port: number) => Promise<T>,
): Promise<T> {
  const dir = serverDir(given.dir, name);
  try {
    if (given.port !== undefined) return await start(dir, given.port);
    return await onFreePort((port) => start(dir, port));
  } catch (error) {
    if (dir.own) removeDir(dir.path);
    throw error;
  }
}

function serverDir(given: string | undefined, name: string): ServerDir {
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    return { path: given, own: false };
  }
  const path = mkdtempSync(join(tmpdir(), `rangeward-${name}-`));
  ownDirs.add(path);
  return { path, own: true };
}

async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken = error instanceof Error && /address already in use/i.test(error.message);
      if (!taken || attempt === 5) throw error;
    }
  }
}

/** Starts a server and resolves when it answers. Throws with the end of its log when it ends first or stays silent. */
export async function startServer(spec: ServerSpec): Promise<RunningServer> {
  const logFile = join(spec.dir.path, `${spec.name}.log`);
  let child = await launch(spec, logFile);
  return {
    get pid() {
      return pidOf(child);
    },
    dir: spec.dir.path,
    logFile,
    kill: (signal) => {
      child.kill(signal);
    },
    exited: () => ended(child),
    restart: async () => {
      await end(child);
      child = await launch(spec, logFile);
    },
    stop: async () => {
      await end(child);
      if (spec.dir.own) removeDir(spec.dir.path);
    },
  };
}

async function launch(spec: ServerSpec, logFile: string): Promise<ChildProcess> {
  // A stranger on the port would answer in our server's place before ours has had the time to fail.
  if (!(await canListen(spec.port))) {
    throw new Error(`${spec.name} cannot listen on 127.0.0.1:${spec.port}: address already in use.`);
  }
  const log = openSync(logFile, 'a');
  const [command, ...args] = [...dieWithParent(), spec.command, ...spec.args];
  // A group of its own: Ctrl-C in a terminal must reach the services first, not the servers under them.
  const child = spawn(command ?? spec.command, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Error(`${spec.name} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) =>
      reject(new Error(`${spec.name} ended before it answered (${signal ?? `code ${code}`}):\n${logTail(logFile)}`)),
    );
  });
  failed.catch(() => {});
  try {
    await Promise.race([failed, untilAnswering(spec, logFile)]);
    return child;
  } catch (error) {
    await end(child);
    throw error;
  }
}

async function untilAnswering(spec: ServerSpec, logFile: string): Promise<void> {
  const deadline = performance.now() + readyBoundMs;
  while (performance.now() < deadline) {
    if (await spec.answers().catch(() => false)) return;
    await pause(5);
  }
  throw new Error(`${spec.name} did not answer within ${readyBoundMs / 1000} s:\n${logTail(logFile)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = ended(child);
  child.kill('SIGTERM');
  // A stopped process sees no SIGTERM until it is continued.
  child.kill('SIGCONT');
  const force = setTimeout(() => child.kill('SIGKILL'), stopBoundMs);
  await gone;
  clearTimeout(force);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The server has no process id: it was never started.');
  return child.pid;
}

function removeDir(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  ownDirs.delete(path);
}

function logTail(logFile: string): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : '(no log)';
}
