import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning } from '@rangeward/localnet/is-running';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { encodeAbiParameters, parseAbiParameters, toEventSelector, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

/** What `npm start` runs once everything is set up. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [main, 'start', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, text })),
  );
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern}: ${text}`)));
    });
  return { child, ended, said };
}

/**
 * Ten minutes in which nothing happens, a slide to the edge of the range, half an hour of rest and to and fro, then a fall
 * of the tick by 95 at once, so far out that moving pays: one swap a block, in the CSV form of pool logs.
 */
function fallingDay(): string {
  const swap = toEventSelector('Swap(address,address,int256,int256,uint160,uint128,int24)');
  const who = toHex(1n, { size: 32 });
  const rows = Array.from({ length: 260 }, (_, block) => {
    const tick = 196_256 + 4 * (block % 3) - 2 * Math.min(Math.max(block - 50, 0), 36) - (block < 150 ? 0 : 95);
    const price = getSqrtRatioAtTick(tick);
    const data = encodeAbiParameters(parseAbiParameters('int256, int256, uint160, uint128, int24'), [
      1n,
      0n,
      price,
      12n * 10n ** 18n,
      tick,
    ]);
    const time = new Date(Date.UTC(2024, 0, 5) + block * 12_000).toISOString().replace('T', ' ').slice(0, 19);
    const topics = `"['${swap}', '${who}', '${who}']"`;
    return [18_000_000 + block, time, toHex(block + 1, { size: 32 }), 0, 0, topics, data].join(',');
  });
  return ['block_number,block_timestamp,transaction_hash,transaction_index,log_index,topics,data', ...rows].join('\n');
}

it('./rangeward reads files from the folder it is called in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rangeward-called-'));
  await writeFile(join(folder, 'mine.ndjson.gz'), '');
  const command = fileURLToPath(new URL('../../rangeward', import.meta.url));
  const { status, stderr } = spawnSync(command, ['recording', 'check', 'mine.ndjson.gz'], { cwd: folder });
  expect([status, `${stderr}`]).toEqual([1, expect.stringContaining('mine.ndjson.gz, line 1: expected a header')]);
  await rm(folder, { recursive: true });
});

describe('npm start', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangeward-start-'));
    await writeFile(join(folder, 'day.csv'), fallingDay());
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('tells how a price leaves the range, why the position is moved, and that it was; then sums up and ends by itself', async () => {
    const { ended } = start('--recording', join(folder, 'day.csv'), '--speed', '20', '--duration', '120');
    const { code, text } = await ended;
    expect(text).toMatch(/breach +the price left the range of main \(NFT \d+\)/);
    expect(text).toMatch(/run +[0-9a-f]{12} opened for main by price-breach/);
    expect(text).toMatch(/decision +REBALANCE: /);
    expect(text).toMatch(/executed +confirmed: /);
    expect(text).toMatch(/✓ mint +0x[0-9a-f]{64} +gas [\d,]+/);
    expect(text).toMatch(/run +[0-9a-f]{12} completed in .*; NFT (\d+) became \d+/);
    expect(text).toContain('./rangeward explain <run>');
    expect(text).toMatch(/Summary\n +runs +\d+: /);
    expect(code).toBe(0);
  });

  it('with six processes ends on a signal with its summary, and leaves none of them', async () => {
    const { child, ended, said } = start('--processes', '--watch');
    await said(/all six services are ready \(six processes\)/);
    const children = childrenOf(child.pid as number);
    expect(children.length).toBeGreaterThanOrEqual(9);
    child.kill('SIGTERM');
    const { code, text } = await ended;
    expect(text).toContain('Summary');
    expect(code).toBe(0);
    expect(children.filter(isRunning)).toEqual([]);
  });

  it('says what is wrong with a recording, by file and line', async () => {
    const broken = join(folder, 'broken.csv');
    await writeFile(broken, fallingDay().replace(/,0,0,"\['0x[0-9a-f]{64}'/, `,0,0,"['0xnonsense'`));
    const { code, text } = await start('--recording', broken, '--duration', '5').ended;
    expect(text).toMatch(/broken\.csv, line 2: /);
    expect(code).toBe(1);
  });
});

/** By /proc where there is one: the smallest machines have no `ps`. */
function childrenOf(parent: number): number[] {
  const rows = existsSync('/proc/self/stat')
    ? rowsOfProc()
    : execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, of]) => (of === parent ? [pid] : []));
}

function rowsOfProc(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const [, , parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, '_').split(' ');
      return [`${pid} ${parent}`];
    } catch {
      return [];
    }
  });
}
