import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files that git knows or would add, so that what lies around unversioned does not count. */
export function files(...patterns: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed.split('\n').filter((file) => file !== '' && exists(file));
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
