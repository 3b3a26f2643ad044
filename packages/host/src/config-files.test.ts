import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configFiles } from './config-files.ts';

let folder: string;
const before = process.cwd();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-host-'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

test('the files that are named count, in their order, whether or not there is one in the folder', () => {
  writeFileSync('rangeward.yaml', '');
  expect(configFiles({ RANGEWARD_CONFIG: '/etc/a.yaml:b.yaml' })).toEqual(['/etc/a.yaml', 'b.yaml']);
});

test('none named: the one in the folder, or none', () => {
  expect(configFiles({})).toEqual([]);
  expect(configFiles({ RANGEWARD_CONFIG: ':' })).toEqual([]);
  writeFileSync('rangeward.yaml', '');
  expect(configFiles({})).toEqual(['rangeward.yaml']);
});
