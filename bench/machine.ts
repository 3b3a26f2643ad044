import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { findBinary } from '@rangeward/localnet/find-binary';

/** What the figures were measured on and with; without it they mean nothing. */
export type Machine = {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted a core when the bench began; above the number of cores the figures are noisy. */
  readonly loadBefore: number;
  readonly node: string;
  readonly natsServer: string;
  readonly redisServer: string;
  readonly anvil: string;
};

export async function describeMachine(): Promise<Machine> {
  const [natsServer, redisServer, anvil] = await Promise.all([
    versionOf('nats-server'),
    versionOf('redis-server'),
    anvilVersion(),
  ]);
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
    node: process.version,
    natsServer,
    redisServer,
    anvil,
  };
}

export function formatMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, loadBefore } = machine;
  return [
    `${machine.date} · ${cpu}, ${cores} cores, ${memoryGiB} GiB · load before ${loadBefore}`,
    `node ${machine.node} · nats-server ${machine.natsServer} · redis-server ${machine.redisServer} · anvil ${machine.anvil}`,
  ].join('\n');
}

async function versionOf(name: string): Promise<string> {
  try {
    return (await findBinary(name, undefined, '')).version;
  } catch {
    return 'none';
  }
}

/** The version of the npm package that carries the program, which is the program's own. */
async function anvilVersion(): Promise<string> {
  try {
    const localnet = import.meta.resolve('@rangeward/localnet/anvil');
    const manifest = createRequire(localnet).resolve('@foundry-rs/anvil/package.json');
    const parsed: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
  } catch {
    return 'none';
  }
}

/** The commit that was measured, and whether the tree differs from it. */
export async function describeSource(): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args)).stdout.trim();
  try {
    const changed = (await git('status', '--porcelain', '--untracked-files=no')) !== '';
    return `commit ${await git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return 'no commit';
  }
}
