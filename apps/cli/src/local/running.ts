import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of everything made at run time; ignored by git. */
export const ownFolder = fileURLToPath(new URL('../../../../.rangeward', import.meta.url));

export type Running = { readonly pid: number; readonly configFile: string };

/** One file for each world, named by its process: a second world hides the first one only for as long as it runs. */
const worlds = join(ownFolder, 'running');

/** Lets the other commands find a local world that runs. */
export function announceRunning(running: Running, folder = worlds): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(running.pid, folder), JSON.stringify(running));
}

export function withdrawRunning(pid = process.pid, folder = worlds): void {
  rmSync(fileOf(pid, folder), { force: true });
}

/** The local world that runs now, if one does; of several the one that was started last. */
export function readRunning(folder = worlds): Running | null {
  const [newest] = filesIn(folder)
    .toSorted((a, b) => b.sinceMs - a.sinceMs)
    .flatMap(({ file }) => readOne(file) ?? []);
  return newest ?? null;
}

function fileOf(pid: number, folder: string): string {
  return join(folder, `${pid}.json`);
}

function filesIn(folder: string): { readonly file: string; readonly sinceMs: number }[] {
  try {
    return readdirSync(folder).map((name) => {
      const file = join(folder, name);
      return { file, sinceMs: statSync(file).mtimeMs };
    });
  } catch {
    return [];
  }
}

/** Null when its process is gone, or the file with it. */
function readOne(file: string): Running | null {
  try {
    // Only announceRunning writes here.
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running;
    process.kill(running.pid, 0);
    return running;
  } catch {
    return null;
  }
}
