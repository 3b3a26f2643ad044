import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hosted as alerts } from '@rangeward/alerts/hosted';
import { serviceNames } from '@rangeward/contracts';
import { hosted as decision } from '@rangeward/decision/hosted';
import { hosted as executor } from '@rangeward/executor/hosted';
import { type HostSources, hostService } from '@rangeward/host/host-service';
import { dieWithParent } from '@rangeward/localnet/die-with-parent';
import { hosted as marketData } from '@rangeward/market-data/hosted';
import { hosted as scheduler } from '@rangeward/scheduler/hosted';
import type { Life } from '@rangeward/service/life';
import { hosted as signal } from '@rangeward/signal/hosted';

/** All six in this process, each with its own connections, as they would be alone. */
export async function runServicesHere(life: Life, sources: Omit<HostSources, 'alone'>): Promise<void> {
  const shared = { ...sources, alone: false };
  await Promise.all([
    hostService(life, scheduler, shared),
    hostService(life, marketData, shared),
    hostService(life, signal, shared),
    hostService(life, decision, shared),
    hostService(life, executor, shared),
    hostService(life, alerts, shared),
  ]);
}

const READY_WITHIN_MS = 30_000;

/** Six processes, each logging to a file in the folder. Resolves when all are ready. */
export async function runServicesApart(
  life: Life,
  options: { logFolder: string; configFile: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  await Promise.all(
    serviceNames.map((name) =>
      life.open(`process ${name}`, (signal) => spawnService(name, options, signal), end, {
        openWithinMs: READY_WITHIN_MS,
      }),
    ),
  );
}

async function spawnService(
  name: string,
  { logFolder, configFile, env }: { logFolder: string; configFile: string; env: NodeJS.ProcessEnv },
  signal: AbortSignal,
) {
  const main = fileURLToPath(new URL(`../../../../services/${name}/src/main.ts`, import.meta.url));
  const [program = process.execPath, ...args] = [...dieWithParent(), process.execPath, main];
  const child = spawn(program, args, {
    env: { ...env, RANGEWARD_CONFIG: configFile, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C reaches us alone; we end the services in order.
    detached: true,
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const log = createWriteStream(join(logFolder, `${name}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  await untilReady(child, name, signal);
  return child;
}

function untilReady(child: ChildProcess, name: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const last: string[] = [];
  const hear = (line: string) => {
    last.push(line);
    if (/"msg":"ready"/.test(line)) resolve();
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', hear);
  child.once('exit', (code) =>
    reject(new Error(`${name} ended with ${code} before it was ready: ${last.slice(-3).join(' ')}`)),
  );
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGTERM');
  await promise;
}
