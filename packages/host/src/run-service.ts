import { runProcess } from '@rangeward/service/process';
import type { z } from 'zod';
import { environment } from './config.ts';
import { configFiles } from './config-files.ts';
import { type HostedService, hostService } from './host-service.ts';

/** The whole of a service's main: runs it as a process of its own until it is asked to end. */
export function runService<Schema extends z.ZodObject>(service: HostedService<Schema>): Promise<never> {
  return runProcess(service.name, async (life) => {
    await hostService(life, service, { files: configFiles(environment), env: environment, alone: true });
    setTimeout(giveBackMemory, SETTLED_MS).unref();
  });
}

const SETTLED_MS = 500;

/**
 * A quarter of what a process holds after its start is what loading and compiling left behind, and V8 gives it back only
 * when it must. Does nothing unless Node runs with --expose-gc, as in the image; some fifty milliseconds, once.
 */
function giveBackMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
