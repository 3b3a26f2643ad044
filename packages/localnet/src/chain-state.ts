import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Hex } from 'viem';
import { backgroundLp, deployer, operator, traders } from './accounts.ts';
import { addresses } from './addresses.ts';
import { type Anvil, type AnvilOptions, startAnvil } from './anvil.ts';
import { buildAnvilOptions, buildChain } from './build-chain.ts';
import { type LocalClient, localClient } from './local-client.ts';

interface ChainStateOptions {
  /** Where prepared states are kept; `.rangeward/cache` of the repository unless told. */
  readonly cacheDir?: string;
  /**
   * Adds to the chain before it is stored, for example a day of trading; the chain mines by itself then, its last
   * block is `chainStartS`, and the times of further blocks are the callback's to set. Needs a `variant`.
   */
  readonly beforeDump?: (rpcUrl: string) => Promise<void>;
  /** Everything `beforeDump` depends on (what, seed, version): states are told apart by it. */
  readonly variant?: string;
}

/** What holds on a prepared chain the moment it is loaded. */
interface ChainFacts {
  readonly chainId: number;
  readonly blockNumber: number;
  /** The last block's time, Unix seconds. */
  readonly timestampS: number;
}

export interface ChainState {
  readonly stateFile: string;
  readonly facts: ChainFacts;
}

/** A running local chain with everything on it. */
export interface LocalChain extends Anvil {
  readonly facts: ChainFacts;
  readonly addresses: typeof addresses;
  readonly accounts: typeof accounts;
  /** The USDC/WETH 0.05 % pool. */
  readonly pool: Hex;
}

const accounts = { operator, backgroundLp, traders, deployer } as const;

const defaultCacheDir = fileURLToPath(new URL('../../../.rangeward/cache', import.meta.url));

/** What a state is made from: when one of these files changes, another state is built. */
const ingredients = [
  '../package.json',
  '../artifacts/mock-token.json',
  '../artifacts/multicall3.json',
  './accounts.ts',
  './addresses.ts',
  './build-chain.ts',
  './create-pool.ts',
  './creation-code.ts',
  './deploy-uniswap.ts',
  './open-position.ts',
];

/**
 * A prepared chain as a file that anvil loads at once; built by a real anvil the first time (seconds). Two processes
 * that build at the same moment get the same state, and the last one's file stays.
 */
export async function prepareChainState(options: ChainStateOptions = {}): Promise<ChainState> {
  if (options.beforeDump !== undefined && options.variant === undefined) {
    throw new Error('A chain state with a beforeDump step needs a variant, or it would be taken for the plain one.');
  }
  const cacheDir = options.cacheDir ?? defaultCacheDir;
  const base = join(cacheDir, `chain-state-${await ingredientsHash(options.variant ?? '')}`);
  const stateFile = `${base}.json`;
  const factsFile = `${base}.facts.json`;
  const known = await readFacts(factsFile);
  if (known !== undefined && existsSync(stateFile)) return { stateFile, facts: known };
  await mkdir(cacheDir, { recursive: true });
  const { facts, stateJson } = await build(options);
  await writeWhole(stateFile, stateJson);
  // The facts come last: where they are, the state is complete.
  await writeWhole(factsFile, JSON.stringify(facts));
  return { stateFile, facts };
}

/**
 * Starts anvil on the prepared chain. Its clock goes on at the pace of the wall from where the state ended; give
 * `timestamp` (Unix seconds) for another start, for example the present.
 */
export async function loadChain(options: ChainStateOptions & AnvilOptions = {}): Promise<LocalChain> {
  const { cacheDir, beforeDump, variant, ...anvilOptions } = options;
  const { stateFile, facts } = await prepareChainState({
    ...(cacheDir !== undefined && { cacheDir }),
    ...(beforeDump !== undefined && { beforeDump }),
    ...(variant !== undefined && { variant }),
  });
  const anvil = await startAnvil({ timestamp: facts.timestampS + 1, ...anvilOptions, stateFile });
  return Object.assign(anvil, { facts, addresses, accounts, pool: addresses.usdcWethPool });
}

async function build(options: ChainStateOptions): Promise<{ facts: ChainFacts; stateJson: Buffer }> {
  const anvil = await startAnvil(buildAnvilOptions);
  try {
    await buildChain(anvil.rpcUrl);
    await options.beforeDump?.(anvil.rpcUrl);
    const client = localClient(anvil.rpcUrl);
    const block = await client.getBlock();
    const facts = {
      chainId: anvil.chainId,
      blockNumber: Number(block.number),
      timestampS: Number(block.timestamp),
    };
    return { facts, stateJson: await dumpState(client) };
  } finally {
    await anvil.stop();
  }
}

/** anvil hands its state out as gzipped JSON in hexadecimal; unpacked it is what `--load-state` reads. */
async function dumpState(client: LocalClient): Promise<Buffer> {
  const packed = await client.dumpState();
  return promisify(gunzip)(Buffer.from(packed.slice(2), 'hex'));
}

async function ingredientsHash(variant: string): Promise<string> {
  const hash = createHash('sha256').update(`${variant}\0`);
  for (const path of ingredients) hash.update(await readFile(new URL(path, import.meta.url))).update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function readFacts(path: string): Promise<ChainFacts | undefined> {
  try {
    // Only this module writes the file, and only whole.
    return JSON.parse(await readFile(path, 'utf8')) as ChainFacts;
  } catch {
    return undefined;
  }
}

/** Readers see the old file or the whole new one, never a half. */
async function writeWhole(path: string, content: Buffer | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}
