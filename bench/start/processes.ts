import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Node processes that were started at the same moment. */
export type Group = {
  /** From the first start until the last one said that it is ready. */
  readonly readyMs: number;
  /** Megabytes of each: its own pages, and its share of those that several have (PSS). After a moment of rest. */
  memoryMb(): Promise<readonly number[]>;
  stop(): Promise<void>;
};

type Program = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string | undefined>> };

/** A process is ready when it logs a line whose message is "ready". Throws when one ends before that. */
export async function startTogether(programs: readonly Program[]): Promise<Group> {
  const startedMs = performance.now();
  const children = programs.map(({ args, env }) =>
    spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const stop = async () => {
    await Promise.all(children.map(end));
  };
  try {
    await Promise.all(children.map(untilReady));
  } catch (error) {
    await stop();
    throw error;
  }
  const readyMs = performance.now() - startedMs;
  return {
    readyMs,
    async memoryMb() {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return Promise.all(children.map(async ({ pid }) => pssMb(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))));
    },
    stop,
  };
}

function pssMb(rollup: string): number {
  const [, kib] = /^Pss:\s+(\d+) kB/m.exec(rollup) ?? [];
  return Math.round((Number(kib) * 1_024) / 1e5) / 10;
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const late = setTimeout(() => reject(new Error(`not ready within 60 s: ${last.slice(-3).join('\n')}`)), 60_000);
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        last.push(line);
        if (!line.includes('"msg":"ready"')) return;
        clearTimeout(late);
        resolve();
      });
    }
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`ended with ${code} before it was ready: ${last.slice(-3).join('\n')}`));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
