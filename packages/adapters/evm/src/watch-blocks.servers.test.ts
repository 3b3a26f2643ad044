import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type LocalChain, loadChain } from '@rangeward/localnet/chain-state';
import { driveMarket } from '@rangeward/localnet/drive-market';
import { type LocalClient, localClient } from '@rangeward/localnet/local-client';
import type { MarketSwap } from '@rangeward/localnet/market-block';
import type { Address } from 'viem';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readHeader } from './block-header.ts';
import { type ChainReader, chainReader } from './client.ts';
import type { HeaderChain } from './header-chain.ts';
import { chainsSettings } from './settings.ts';
import { readPoolLogs } from './swap-logs.ts';
import { type BlockWatcher, type FeedEvent, watchBlocks } from './watch-blocks.ts';

let local: LocalChain;
let client: LocalClient;
let wire: Wire;
let pool: Address;
const closing: BlockWatcher[] = [];

/** A wire between watcher and node that can be cut and mended. */
type Wire = { readonly url: string; readonly connections: Set<Socket>; cut(): void; mend(): void; close(): void };

async function layWire(port: number): Promise<Wire> {
  const connections = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(port, '127.0.0.1');
    connections.add(near);
    near.on('close', () => {
      connections.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    for (const end of [near, far]) end.on('error', () => end.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    cut() {
      isCut = true;
      for (const near of connections) near.destroy();
    },
    mend: () => {
      isCut = false;
    },
    close: () => server.close(),
  };
}

beforeAll(async () => {
  local = await loadChain();
  client = localClient(local.rpcUrl);
  wire = await layWire(local.port);
  pool = local.pool.toLowerCase() as Address;
});
afterEach(async () => {
  wire.mend();
  await Promise.all(closing.splice(0).map((watcher) => watcher.stop()));
});
afterAll(async () => {
  wire?.close();
  await local?.stop();
});

function openReader(withSocket: boolean): ChainReader {
  const wsUrl = withSocket ? { wsUrl: wire.url } : {};
  const settings = chainsSettings.parse({ local: { chainId: 31337, rpcUrl: local.rpcUrl, ...wsUrl } }).local;
  if (settings === undefined) throw new Error('the settings did not parse');
  return chainReader({ name: 'local', settings });
}

type Seen = {
  readonly watcher: BlockWatcher;
  readonly events: FeedEvent[];
  readonly troubles: string[];
  /** Resolves when a block of at least this height with this hash was told. */
  told(block: { number: number; hash: string }): Promise<void>;
  /** Resolves when the watcher has reported trouble that contains the words. */
  troubled(words: string): Promise<void>;
};

type WatchFor = { withSocket?: boolean; resume?: HeaderChain; failOnce?: boolean; reorgDepth?: number };

async function watch(options: WatchFor = {}): Promise<Seen> {
  const events: FeedEvent[] = [];
  const troubles: string[] = [];
  const waiting = new Set<() => void>();
  let failing = options.failOnce === true;
  const notify = () => {
    for (const check of waiting) check();
  };
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const watcher = await watchBlocks({
    chain: openReader(options.withSocket ?? true),
    pools: [pool],
    reorgDepth: options.reorgDepth ?? 12,
    pollMs: 50,
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    async onEvent(event) {
      if (failing) {
        failing = false;
        throw new Error('the handler failed once');
      }
      events.push(event);
      notify();
    },
    onTrouble(what, error) {
      troubles.push(`${what}: ${error instanceof Error ? error.message : ''}`);
      notify();
    },
  });
  closing.push(watcher);
  return {
    watcher,
    events,
    troubles,
    told: ({ hash }) => until(() => events.some((event) => event.kind === 'block' && event.header.hash === hash)),
    troubled: (words) => until(() => troubles.some((trouble) => trouble.includes(words))),
  };
}

let side = 0;
async function trade(blocks: number): Promise<{ number: number; hash: string }> {
  for (let count = 0; count < blocks; count++) {
    const direction = side++ % 2 === 0 ? 'buy-weth' : 'sell-weth';
    const swap: MarketSwap = { kind: 'amount', side: direction, amountUsdE6: 5_000_000_000n };
    await driveMarket({
      rpcUrl: local.rpcUrl,
      source: [{ timestampS: 1, swaps: [swap, swap] }],
      blocksPerSecond: Number.POSITIVE_INFINITY,
    });
  }
  return readHeader(openReader(false), 'latest');
}

function blocksOf(events: readonly FeedEvent[]) {
  return events.filter((event) => event.kind === 'block');
}

/** What the watcher told, checked against one fresh reading of the same blocks. */
async function expectWhole(events: readonly FeedEvent[], from: number, to: number): Promise<void> {
  const blocks = blocksOf(events);
  expect(blocks.map(({ header }) => header.number)).toEqual(
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  );
  const fresh = await readPoolLogs(openReader(false), { pools: [pool], from, to });
  expect(blocks.flatMap(({ rows }) => rows)).toEqual(fresh);
  expect(fresh.length).toBeGreaterThan(0);
  for (const block of blocks) expect(block.complete).toBe(true);
}

test.each([
  ['WebSocket', true],
  ['polling', false],
])('by %s every block is told once, in order, with all its logs', async (_, withSocket) => {
  const { number } = await readHeader(openReader(false), 'latest');
  const seen = await watch({ withSocket });
  const last = await trade(4);
  await seen.told(last);
  await expectWhole(seen.events, number + 1, last.number);
});

test('a lost WebSocket loses nothing, and the feed returns to it', async () => {
  const { number } = await readHeader(openReader(false), 'latest');
  const seen = await watch();
  await seen.told(await trade(1));
  expect(seen.watcher.status().source).toBe('websocket');
  wire.cut();
  await seen.troubled('WebSocket');
  const during = await trade(3);
  await seen.told(during);
  expect(seen.watcher.status().source).toBe('polling');
  wire.mend();
  const back = Promise.withResolvers<void>();
  const check = setInterval(() => seen.watcher.status().source === 'websocket' && back.resolve(), 5);
  await back.promise;
  clearInterval(check);
  const last = await trade(2);
  await seen.told(last);
  await expectWhole(seen.events, number + 1, last.number);
});

test('a reorganisation tells the blocks that fell off, then those that took their place', async () => {
  const seen = await watch();
  const before = await trade(5);
  await seen.told(before);
  const old = blocksOf(seen.events).map(({ header }) => header);
  await client.request({ method: 'anvil_reorg' as never, params: [3, []] as never });
  const after = await trade(1);
  await seen.told(after);
  const reorgs = seen.events.filter((event) => event.kind === 'reorg');
  expect(reorgs.flatMap(({ dropped }) => dropped.map(({ hash }) => hash)).sort()).toEqual(
    expect.arrayContaining(
      old
        .slice(-3)
        .map(({ hash }) => hash)
        .sort(),
    ),
  );
  // What stands in the end, when everything told is applied in order, is the node's own chain.
  const standing = new Map<number, string>();
  for (const event of seen.events) {
    if (event.kind === 'block') standing.set(event.header.number, event.header.hash);
    else for (const { number } of event.dropped) standing.delete(number);
  }
  for (const [number, hash] of standing) expect((await readHeader(openReader(false), number)).hash).toBe(hash);
  expect(Math.max(...standing.keys())).toBe(after.number);
});

test('a watcher that was away hears exactly what it missed', async () => {
  const first = await watch();
  const known = await trade(2);
  await first.told(known);
  await first.watcher.stop();
  const last = await trade(3);
  const second = await watch({ resume: first.watcher.position() });
  await second.told(last);
  await expectWhole(second.events, known.number + 1, last.number);
});

test('a reorganisation while away is told on return', async () => {
  const first = await watch({ withSocket: false });
  const known = await trade(4);
  await first.told(known);
  await first.watcher.stop();
  await client.request({ method: 'anvil_reorg' as never, params: [2, []] as never });
  const last = await trade(1);
  const second = await watch({ resume: first.watcher.position() });
  await second.told(last);
  expect(second.events[0]).toMatchObject({ kind: 'reorg', ancestor: known.number - 2 });
  expect(blocksOf(second.events).map(({ header }) => header.number)).toEqual([
    known.number - 1,
    known.number,
    last.number,
  ]);
});

test('a reorganisation deeper than what is kept says that blocks may be missing', async () => {
  const first = await watch({ reorgDepth: 2 });
  const known = await trade(5);
  await first.told(known);
  await first.watcher.stop();
  await client.request({ method: 'anvil_reorg' as never, params: [4, []] as never });
  const last = await trade(1);
  const second = await watch({ resume: first.watcher.position(), reorgDepth: 2 });
  await second.told(last);
  expect(second.events[0]).toMatchObject({ kind: 'reorg', ancestor: null });
  expect(blocksOf(second.events)[0]).toMatchObject({ complete: false });
});

test('an event whose handling fails is told again, and none after it before', async () => {
  const { number } = await readHeader(openReader(false), 'latest');
  const seen = await watch({ failOnce: true });
  const last = await trade(2);
  await seen.told(last);
  await expectWhole(seen.events, number + 1, last.number);
  expect(seen.troubles.join()).toContain('the handler failed once');
});
