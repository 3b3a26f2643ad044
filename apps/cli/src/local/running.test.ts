import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { announceRunning, readRunning, withdrawRunning } from './running.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-running-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a world is found again when one that was started after it has ended', () => {
  const [first, second] = [
    { pid: process.ppid, configFile: 'first.yaml' },
    { pid: process.pid, configFile: 'second.yaml' },
  ];
  announceRunning(first, folder);
  utimesSync(join(folder, `${first.pid}.json`), 1_000, 1_000);
  announceRunning(second, folder);
  expect(readRunning(folder)).toEqual(second);
  withdrawRunning(second.pid, folder);
  expect(readRunning(folder)).toEqual(first);
});

test('a world whose process was killed is not found', () => {
  const { pid } = spawnSync('true');
  announceRunning({ pid, configFile: 'gone.yaml' }, folder);
  expect(readRunning(folder)).toBeNull();
  expect(readRunning(join(folder, 'none'))).toBeNull();
});
