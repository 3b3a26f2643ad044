import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { startAnvil } from './anvil.ts';
import { freePort } from './free-port.ts';
import { isRunning } from './is-running.ts';
import { startRedisServer } from './redis-server.ts';

describe('a server never outlives who started it', () => {
  it('ends with a parent that throws, and its folder goes too', async () => {
    const child = await parentWithServer(`throw new Error('crash');`);
    await vi.waitFor(() => expect(isRunning(child.pid)).toBe(false), { timeout: 5_000, interval: 10 });
    expect(existsSync(child.dir)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('ends with a parent that is killed with -9', async () => {
    const child = await parentWithServer(`process.kill(process.pid, 'SIGKILL');`);
    await vi.waitFor(() => expect(isRunning(child.pid)).toBe(false), { timeout: 5_000, interval: 10 });
    // Nobody was left to remove it.
    rmSync(child.dir, { recursive: true });
  });
});

describe('ports', () => {
  it('are never handed out twice', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    expect(new Set(ports).size).toBe(50);
  });

  it('that are taken make the start fail with what the server said', async () => {
    const first = await startRedisServer();
    try {
      await expect(startRedisServer({ port: first.port })).rejects.toThrow(/address already in use/i);
      await expect(startAnvil({ port: first.port })).rejects.toThrow(/address already in use/i);
    } finally {
      await first.stop();
    }
  });
});

it('leaves no folder behind when a start fails', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'rangeward-test-'));
  vi.stubEnv('TMPDIR', temporary);
  try {
    await expect(startAnvil({ binary: process.execPath })).rejects.toThrow(
      /anvil ended before it answered.*bad option/s,
    );
    expect(readdirSync(temporary)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true });
  }
});

/** Runs another Node that starts a redis-server, tells us about it, waits until we have read that, then does `ending`. */
async function parentWithServer(ending: string): Promise<{ pid: number; dir: string }> {
  const starter = fileURLToPath(new URL('./redis-server.ts', import.meta.url));
  const script = `
    const { startRedisServer } = await import(${JSON.stringify(starter)});
    const server = await startRedisServer();
    console.log(JSON.stringify({ pid: server.pid, dir: server.dir }));
    await new Promise((resolve) => process.stdin.once('data', resolve));
    ${ending}`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [line] = await once(createInterface(parent.stdout), 'line');
  const told: { pid: number; dir: string } = JSON.parse(String(line));
  expect(isRunning(told.pid)).toBe(true);
  parent.stdin.end('go\n');
  await once(parent, 'exit');
  return told;
}
