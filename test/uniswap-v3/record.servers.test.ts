import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { record } from '@rangeward/cli/commands/record';
import { checkRecording } from '@rangeward/cli/commands/recordings';
import { addresses } from '@rangeward/localnet/addresses';
import { type Anvil, startAnvil } from '@rangeward/localnet/anvil';
import { deployUniswap } from '@rangeward/localnet/deploy-uniswap';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import { type RpcProxy, startRpcProxy } from '@rangeward/localnet/rpc-proxy';
import { readRecording } from '@rangeward/recording/read-recording';
import { startPool } from '@rangeward/recording/recording-format';
import { replayEvents } from '@rangeward/uniswap-v3/pool-replay';
import type { Pool } from '@rangeward/uniswap-v3/pool-state';
import { encodeFunctionData } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asFactoryOwner,
  changeLiquidity,
  type Market,
  openBasePosition,
  openMarket,
  switchProtocolFee,
  tradeBatch,
} from './chain-market.ts';
import { compareStorage } from './compare-storage.ts';
import { factoryAbi } from './contract-abis.ts';

// What the command records of a market on the real contracts must replay to the chain's own storage.

let anvil: Anvil;
let client: LocalClient;
let market: Market;
let folder: string;
/** Blocks: before the pool, in its mid-life, at its end. */
let blocks: { before: number; middle: number; end: number };

const head = async () => Number(await client.getBlockNumber());

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rangeward-record-'));
  anvil = await startAnvil();
  client = localClient(anvil.rpcUrl);
  await deployUniswap(anvil.rpcUrl);
  const data = encodeFunctionData({ abi: factoryAbi, functionName: 'enableFeeAmount', args: [100, 1] });
  await asFactoryOwner(client, addresses.factory, data);
  const before = await head();
  market = await openMarket(
    client,
    { name: 'any', fee: 3000, spacing: 60, decimals: [6, 18], tick: 196_256, feeProtocol: 0 },
    5,
  );
  await openBasePosition(market);
  const trade = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await changeLiquidity(market);
      await tradeBatch(market, 12);
    }
  };
  await trade(4);
  const middle = await head();
  await switchProtocolFee(market, 0x64);
  await trade(6);
  blocks = { before, middle, end: await head() };
});
afterAll(async () => {
  await anvil?.stop();
  rmSync(folder, { recursive: true });
});

async function run(flags: { rpc?: string; from: number; to?: number; out: string }) {
  const { screen, text } = readScreen();
  const out = join(folder, flags.out);
  const code = await record(
    { rpc: anvil.rpcUrl, pool: market.address, json: false, to: blocks.end, ...flags, out },
    screen,
  );
  return { code, text: text(), out };
}

async function replayed(file: string): Promise<Pool> {
  const { header, events } = await readRecording(file);
  const pool = startPool(header);
  if (pool === undefined) throw new Error('the start is unknown');
  const all = await Array.fromAsync(events);
  expect(replayEvents(pool, all)).toEqual({ kind: 'followed', events: all.length });
  return pool;
}

describe('rangeward record', () => {
  it('records a pool from before its creation, and the replay ends in the chain’s own storage', async () => {
    const { code, text, out } = await run({ from: blocks.before, out: 'whole.gz' });
    expect(code).toBe(0);
    expect(text).toContain('A/B 0.3 % on chain 31337');
    expect(text).toContain('120 of 120 swaps follow to the wei');
    const pool = await replayed(out);
    await compareStorage(client, market.address, pool);
    expect(pool).toEqual(withLowerOwners(market.pool));
    const { header } = await readRecording(out);
    expect(header).toMatchObject({
      feePips: 3000,
      tickSpacing: 60,
      token0: { symbol: 'A', decimals: 6 },
      start: { sqrtPriceX96: 0n, ticks: [] },
    });
  });

  it('records from mid-life with the state before it, through a protocol fee that changes', async () => {
    const { out } = await run({ from: blocks.middle + 1, out: 'middle.gz' });
    const { header } = await readRecording(out);
    expect(header.start?.ticks?.length).toBeGreaterThan(10);
    expect(header.start?.positions?.length).toBeGreaterThan(3);
    const pool = await replayed(out);
    // Positions that nothing happened to are not in the recording.
    const { positions: _some, ...state } = pool;
    const { positions: _all, ...whole } = market.pool;
    expect(state).toEqual(whole);
    for (const [key, position] of pool.positions)
      expect(position).toEqual(withLowerOwners(market.pool).positions.get(key));
  });

  it('goes on where it was interrupted, with a node that refuses long ranges, and never prints its URL', async () => {
    const { out: whole } = await run({ from: blocks.before, out: 'again.gz' });
    let isHealthy = false;
    const { proxy, url } = await startProxy(({ method, params }) => {
      if (method !== 'eth_getLogs') return null;
      // The shape of the filter is the recorder's own.
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      const isLong = Number(toBlock) - Number(fromBlock) > 6;
      if (isLong) return answer({ error: { code: -32005, message: `${url}: query returned more than 10000 results` } });
      if (Number(fromBlock) > blocks.middle && !isHealthy) return answer({ result: `nonsense from ${url}` });
      return null;
    });
    const question = { rpc: url, from: blocks.before, out: 'resumed.gz' };
    try {
      const broken = await run(question).catch((error: unknown) => error);
      expect(broken).toBeInstanceOf(Error);
      expect(inspect(broken)).not.toContain('secret-key');
      isHealthy = true;
      const { code, text, out } = await run(question);
      expect(code).toBe(0);
      expect(text).toMatch(/going on after block \d+, \d+ events so far/);
      expect(text).not.toContain('secret-key');
      const [first, second] = await Promise.all([readRecording(whole), readRecording(out)]);
      expect(second.header).toEqual(first.header);
      expect(await Array.fromAsync(second.events)).toEqual(await Array.fromAsync(first.events));
      await expect(readRecording(`${out}.unfinished.ndjson`)).rejects.toThrow('there is no such file');
    } finally {
      await proxy.stop();
    }
  });

  it('names the swap after one that the node left out', async () => {
    const leaveOut = ({ result }: { readonly result?: unknown }) => {
      return { result: Array.isArray(result) ? result.toSpliced(Math.floor(result.length / 2), 1) : result };
    };
    const { proxy, url } = await startProxy(({ method }) =>
      method === 'eth_getLogs' ? { kind: 'rewrite', rewrite: leaveOut } : null,
    );
    try {
      const { code, text, out } = await run({ rpc: url, from: blocks.before, out: 'missing.gz' });
      expect(code).toBe(1);
      expect(text).toContain('something before each of them is missing');
      const { text: checked } = await check(out);
      expect(checked).toMatch(/\d+ +\d+ +\d+ +(swap|mint|burn|collect) +\w+ +-?\w+ +/);
    } finally {
      await proxy.stop();
    }
  });

  it('learns the ticks where the node keeps no old state', async () => {
    const { proxy, url } = await startProxy(({ method, params }) => {
      const isOld = (method === 'eth_call' || method === 'eth_getCode') && params[1] !== 'latest';
      return isOld ? answer({ error: { code: -32000, message: 'missing trie node 0x12 (path )' } }) : null;
    });
    try {
      const { text, out } = await run({ rpc: url, from: blocks.middle + 1, out: 'pruned.gz' });
      expect(text).toContain('start state unknown');
      expect((await readRecording(out)).header.start).toBeNull();
    } finally {
      await proxy.stop();
    }
  });
});

async function check(file: string) {
  const { screen, text } = readScreen();
  const code = await checkRecording(file, { json: false }, screen);
  return { code, text: text() };
}

/** The same pool with the position manager's address as recordings spell it. */
function withLowerOwners(pool: Pool): Pool {
  const positions = [...pool.positions].map(([key, held]) => [key.toLowerCase(), held] as const);
  return { ...pool, positions: new Map(positions) };
}

function readScreen() {
  const parts: string[] = [];
  return { screen: { color: false, write: (part: string) => void parts.push(part) }, text: () => parts.join('') };
}

type Rule = Parameters<RpcProxy['misbehave']>[0];

/** A node in front of ours, at a URL with a key in it. */
async function startProxy(rule: Rule) {
  const proxy = await startRpcProxy({ upstreamUrl: anvil.rpcUrl });
  proxy.misbehave(rule);
  return { proxy, url: `${proxy.url}/v2/a-secret-key` };
}

function answer(given: { result?: unknown; error?: { code: number; message: string } }) {
  return { kind: 'answer', answer: given } as const;
}
