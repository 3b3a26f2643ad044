import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of everything made at run time; ignored by git. */
export const ownFolder = fileURLToPath(new URL('../../../../.rangeward', import.meta.url));

export type Running = { readonly pid: number; readonly configFile: string };

const file = join(ownFolder, 'running.json');

/** Lets the other commands find a local world that runs. */
export function announceRunning(running: Running): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(running));
}

export function withdrawRunning(): void {
  if (readRunning()?.pid === process.pid) rmSync(file, { force: true });
}

/** The local world that runs now, if one does. */
export function readRunning(): Running | null {
  try {
    // Only announceRunning writes the file.
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running;
    process.kill(running.pid, 0);
    return running;
  } catch {
    return null;
  }
}
