import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A program of the bench in a process of its own. */
export type Child = { readonly pid: number; stop(): Promise<void> };

export type ChildOptions = {
  /** Given to the program, which reads it with `readTask`. */
  readonly task: unknown;
  /** Where its output goes; nowhere when absent. Errors always go to ours. */
  readonly logFile?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readyWithinMs?: number;
};

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program beside `base` and waits until it says that it is ready. Throws when it ends before that. */
export async function startChild(file: string, base: string, options: ChildOptions): Promise<Child> {
  const out = options.logFile === undefined ? 'ignore' : openSync(options.logFile, 'a');
  const child = fork(fileURLToPath(new URL(file, base)), [JSON.stringify(options.task)], {
    stdio: ['ignore', out, 'inherit', 'ipc'],
    env: { ...process.env, ...options.env },
  });
  if (typeof out === 'number') closeSync(out);
  running.add(child);
  const stop = async () => {
    await end(child);
    running.delete(child);
  };
  try {
    await becomeReady(child, file, options.readyWithinMs ?? 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, stop };
}

function becomeReady(child: ChildProcess, file: string, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} was not ready within ${withinMs} ms`)), withinMs);
    child.once('message', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${file} ended with ${code ?? signal} before it was ready`));
    });
  });
}

/** Nothing it holds is worth waiting for: the servers behind it are thrown away too. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** What this program was given. The starter and the program agree on its shape. */
export function readTask<Task>(): Task {
  return JSON.parse(process.argv[2] ?? 'null') as Task;
}

/** Tells the starter; the program ends when the starter is gone. */
export function sayReady(): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
