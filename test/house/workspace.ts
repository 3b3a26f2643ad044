import { globSync, readFileSync } from 'node:fs';
import { basename, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The names that .gitignore keeps out; read here because a machine that got the sources as an archive has no git. */
const ignored = readFileSync(`${root}/.gitignore`, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replace(/\/$/, ''));

/** Files of the project, those not committed yet too, so that a new file is checked before it is added. */
export function files(...patterns: string[]): string[] {
  const exclude = (path: string) => ignored.some((name) => matchesGlob(basename(path), name));
  return globSync(patterns, { cwd: root, exclude }).sort();
}

export function read(file: string): string {
  return readFileSync(`${root}/${file}`, 'utf8');
}

export function exists(file: string): boolean {
  try {
    readFileSync(`${root}/${file}`);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}

export type Manifest = {
  name: string;
  folder: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
};

export function manifests(): Manifest[] {
  return files('*/package.json', '**/package.json')
    .filter((file) => file !== 'package.json')
    .map((file) => ({ ...JSON.parse(read(file)), folder: file.replace('/package.json', '') }));
}
