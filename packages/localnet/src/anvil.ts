import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { localChainId } from './addresses.ts';
import { placeServer, type RunningServer, startServer } from './server-process.ts';

export interface AnvilOptions {
  /** 31337 unless told: a transaction signed for a local "chain 1" would be valid on the real one. */
  readonly chainId?: number;
  /** A state dumped by anvil, loaded at start. */
  readonly stateFile?: string;
  /** Where the log lies; kept on stop. Without it a temporary folder is made and removed on stop. */
  readonly dir?: string;
  readonly port?: number;
  /** Path of the program; otherwise the one in the npm package. */
  readonly binary?: string;
  /** Mine a block every so many seconds; without it (and without `noMining`) every transaction gets its own block. */
  readonly blockTimeS?: number;
  /** Mine only when asked (evm_mine). */
  readonly noMining?: boolean;
  /** Unix seconds of the first block (or, after a load, where the clock goes on). */
  readonly timestamp?: number;
  /** 'first in, first out' instead of 'highest fee first': makes a seeded run's block order reproducible. */
  readonly order?: 'fees' | 'fifo';
  /** Log every call into the log file (default false). */
  readonly verbose?: boolean;
}

export interface Anvil extends RunningServer {
  /** http://127.0.0.1:port */
  readonly rpcUrl: string;
  /** ws://127.0.0.1:port */
  readonly wsUrl: string;
  readonly port: number;
  readonly chainId: number;
}

/**
 * A real anvil (local Ethereum node) on 127.0.0.1; resolves when it answers eth_chainId.
 * A killed anvil has lost its blocks: `restart` goes back to the state file.
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const command = options.binary ?? anvilBinary();
  const chainId = options.chainId ?? localChainId;
  return placeServer('anvil', options, async (dir, port) => {
    const rpcUrl = `http://127.0.0.1:${port}`;
    const server = await startServer({
      name: 'anvil',
      command,
      args: settings(options, chainId, dir.path, port),
      dir,
      port,
      answers: async () => (await askChainId(rpcUrl)) === chainId,
    });
    return Object.assign(server, { rpcUrl, wsUrl: `ws://127.0.0.1:${port}`, port, chainId });
  });
}

function settings(options: AnvilOptions, chainId: number, dir: string, port: number): string[] {
  return [
    ['--host', '127.0.0.1'],
    ['--port', String(port)],
    ['--chain-id', String(chainId)],
    ['--cache-path', join(dir, 'cache')],
    ...(options.stateFile === undefined ? [] : [['--load-state', options.stateFile]]),
    ...(options.blockTimeS === undefined ? [] : [['--block-time', String(options.blockTimeS)]]),
    ...(options.noMining === true ? [['--no-mining']] : []),
    ...(options.timestamp === undefined ? [] : [['--timestamp', String(options.timestamp)]]),
    ...(options.order === undefined ? [] : [['--order', options.order]]),
    ...(options.verbose === true ? [] : [['--silent']]),
  ].flat();
}

/**
 * The program inside the platform's npm package, run directly: the package's own `anvil` command is a Node wrapper,
 * and killing a wrapper leaves the node behind it running.
 */
function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const packageName = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json');
    const manifest = createRequire(wrapper).resolve(`${packageName}/package.json`);
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
  } catch (cause) {
    throw new Error(`anvil is not here: install the npm package ${packageName} (pnpm install), or name its path.`, {
      cause,
    });
  }
}

async function askChainId(rpcUrl: string): Promise<number> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' }),
    signal: AbortSignal.timeout(1_000),
  });
  const answer: unknown = await response.json();
  const isAnswer = typeof answer === 'object' && answer !== null && 'result' in answer;
  return isAnswer ? Number(answer.result) : Number.NaN;
}
