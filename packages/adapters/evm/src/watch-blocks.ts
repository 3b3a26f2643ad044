import type { Address } from 'viem';
import { type AnnouncedLogs, announcedLogs, type BlockPoint } from './announced-logs.ts';
import { type BlockHeader, parseHeader, readHeader, readHeaders } from './block-header.ts';
import { toChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import type { PoolRow } from './decode-pool-log.ts';
import { decideStep, extendChain, type HeaderChain, type Link, splitAtAncestor } from './header-chain.ts';
import { keepSocket } from './keep-socket.ts';
import type { RpcSocket } from './rpc-socket.ts';
import { POOL_TOPICS, readPoolLogs, readPoolLogsOfBlock } from './swap-logs.ts';

/**
 * The on-chain listener. It follows the chain block by block and tells each one with the logs of the watched pools, in
 * order, once, without gaps. A head is news of newHeads (WebSocket) or of a poll; its logs are asked for by its hash, so
 * that they are all there and of no other branch. What was missed meanwhile is read by range. A reorganisation shows in
 * the parent hashes alone (a node need not announce removed logs): the blocks that fell off are told first.
 */

export type FeedEvent =
  | {
      readonly kind: 'block';
      readonly header: BlockHeader;
      /** Rows of the watched pools, by log index. */
      readonly rows: readonly PoolRow[];
      /** False on the first block after blocks that could not be read. */
      readonly complete: boolean;
      /** Blocks known to follow it: more than 0 while a gap is being filled. */
      readonly behind: number;
    }
  | {
      readonly kind: 'reorg';
      /** Blocks that are no longer on the chain, newest first; at most `reorgDepth`. */
      readonly dropped: readonly Link[];
      /** The highest block that stayed; null when even the oldest kept one is gone. */
      readonly ancestor: number | null;
    };

type WatchOptions = {
  readonly chain: ChainReader;
  readonly pools: readonly Address[];
  /** How many blocks back a reorganisation is followed. */
  readonly reorgDepth: number;
  /** Pause between polls where there is no WebSocket, and while one is lost. */
  readonly pollMs: number;
  /** Blocks followed before, from `position()`; empty to begin after the present head. */
  readonly resume?: HeaderChain;
  /** Farther behind than this, the feed begins at the head and says it is incomplete; 20,000 unless told. */
  readonly maxRefillBlocks?: number;
  /** Awaited before the next event; when it throws, the same event is told again after a pause. */
  readonly onEvent: (event: FeedEvent) => Promise<void>;
  /**
   * Told rows of the next block as the WebSocket brings them, milliseconds before the node answers for the block. Some
   * may be missing yet, and the block may turn out to be of another branch: what counts is the event that follows.
   */
  readonly onEarly?: (block: BlockPoint, rows: readonly PoolRow[]) => Promise<void>;
  /** Awaited after each event was handled, with the blocks to resume from; a failure is only reported. */
  readonly onSettled?: (position: HeaderChain) => Promise<void>;
  /** Told what goes wrong; the watcher goes on by itself. */
  readonly onTrouble: (what: string, error: unknown) => void;
};

export type BlockWatcher = {
  /** The blocks followed last; hand it to `resume` after a restart. */
  position(): HeaderChain;
  status(): { readonly source: 'websocket' | 'polling'; readonly head: number | null };
  /** Stops after the event in hand. */
  stop(): Promise<void>;
};

const REFILL_CHUNK_BLOCKS = 500;
const RETRY_MS = { least: 100, most: 10_000 };

/** Starts following; the first event is the block after `resume`, or after the present head. */
export async function watchBlocks(options: WatchOptions): Promise<BlockWatcher> {
  const state: State = {
    chain: options.resume ?? [],
    pending: undefined,
    socket: undefined,
    early: undefined,
    complete: true,
    due: true,
    stopping: new AbortController(),
    wake: () => undefined,
  };
  if (state.chain.length === 0) {
    const head = await readHeader(options.chain, 'latest');
    state.chain = await chainEndingAt(options, head.number);
  }
  const { onEarly } = options;
  if (onEarly !== undefined && options.pools.length > 0) {
    state.early = announcedLogs(
      () => state.chain.at(-1)?.number,
      (block, rows) => onEarly(block, rows).catch((error: unknown) => options.onTrouble('handling news early', error)),
    );
  }
  const done = Promise.all([followHeads(options, state), listenToNews(options, state)]);
  return {
    position: () => state.chain,
    status: () => ({
      source: state.socket === undefined ? 'polling' : 'websocket',
      head: state.chain.at(-1)?.number ?? null,
    }),
    async stop() {
      state.stopping.abort();
      state.wake();
      state.socket?.close();
      await done;
    },
  };
}

type State = {
  chain: HeaderChain;
  /** The newest head heard of and not looked at; only the newest matters, the rest is found from it. */
  pending: BlockHeader | undefined;
  socket: RpcSocket | undefined;
  early: AnnouncedLogs | undefined;
  complete: boolean;
  /** The head is to be asked for without waiting for news. */
  due: boolean;
  readonly stopping: AbortController;
  wake: () => void;
};

async function followHeads(options: WatchOptions, state: State): Promise<void> {
  const { signal } = state.stopping;
  let pauseMs = RETRY_MS.least;
  while (!signal.aborted) {
    try {
      const head = await nextHead(options, state);
      if (head !== undefined) await advance(options, state, head);
      pauseMs = RETRY_MS.least;
    } catch (error) {
      if (signal.aborted) return;
      state.due = true;
      options.onTrouble('following the chain', error);
      await pause(state, pauseMs);
      pauseMs = Math.min(RETRY_MS.most, pauseMs * 2);
    }
  }
}

/** News of the WebSocket at once; without one, or when it is silent for a poll's time and more, a question by HTTP. */
async function nextHead(options: WatchOptions, state: State): Promise<BlockHeader | undefined> {
  if (state.pending === undefined && !state.due) {
    await pause(state, state.socket === undefined ? options.pollMs : Math.max(options.pollMs * 4, 2_000));
  }
  if (state.stopping.signal.aborted) return undefined;
  const head = state.pending ?? (await readHeader(options.chain, 'latest'));
  state.pending = undefined;
  state.due = false;
  return head;
}

/** Follows the chain up to `head`, whatever lies between; throws to be called again with a fresh head. */
async function advance(options: WatchOptions, state: State, head: BlockHeader): Promise<void> {
  const step = decideStep(state.chain, head);
  // An old block of ours is a node that lags behind, not a reorganisation: that would show another hash.
  if (step.kind === 'known') return;
  if (step.kind === 'search') return search(options, state, head);
  // By HTTP, although a WebSocket stands: a connection that is asked as well as listened to gets delayed acknowledgements
  // from the kernel, and the node's news on it waits for them; measured, that makes a breach four times as late.
  const rows = options.pools.length === 0 ? [] : await readPoolLogsOfBlock(options.chain, options.pools, head.hash);
  await tell(options, state, { header: head, rows, behind: 0 });
}

/** Looks for the highest block that the node still has, reports what fell off, and fills the gap up to `head`. */
async function search(options: WatchOptions, state: State, head: BlockHeader): Promise<void> {
  const oldest = state.chain[0]?.number ?? head.number;
  const tip = state.chain.at(-1)?.number ?? head.number;
  const canonical = await readHeaders(options.chain, oldest, Math.min(tip, head.number));
  const split = splitAtAncestor(state.chain, new Map(canonical.map(({ number, hash }) => [number, hash])));
  if (split.dropped.length > 0) {
    const ancestor = split.kept.at(-1)?.number ?? null;
    await options.onEvent({ kind: 'reorg', dropped: split.dropped, ancestor });
    state.chain = split.kept;
    await settle(options, state);
  }
  if (split.lost) {
    // Nothing kept is on the chain any more: begin again with the oldest height that was followed.
    state.complete = false;
    state.chain = await chainEndingAt(options, Math.max(0, Math.min(oldest, head.number) - 1));
  }
  await fill(options, state, head.number);
}

async function fill(options: WatchOptions, state: State, to: number): Promise<void> {
  const first = (state.chain.at(-1)?.number ?? to) + 1;
  if (to - first + 1 > (options.maxRefillBlocks ?? 20_000)) {
    state.complete = false;
    state.chain = await chainEndingAt(options, to - 1);
    return fill(options, state, to);
  }
  for (let from = first; from <= to && !state.stopping.signal.aborted; from += REFILL_CHUNK_BLOCKS) {
    const last = Math.min(to, from + REFILL_CHUNK_BLOCKS - 1);
    const { chain, pools } = options;
    const [headers, rows] = await Promise.all([
      readHeaders(chain, from, last),
      pools.length === 0 ? [] : readPoolLogs(chain, { pools, from, to: last }),
    ]);
    const hashes = new Map(headers.map(({ number, hash }) => [number, hash]));
    if (rows.some((row) => hashes.get(row.blockNumber) !== row.blockHash)) {
      throw toChainError(chain.name, 'filling a gap', new Error('the chain changed meanwhile'));
    }
    for (const header of headers) {
      const own = rows.filter((row) => row.blockNumber === header.number);
      await tell(options, state, { header, rows: own, behind: to - header.number });
    }
  }
}

type ReadBlock = Pick<Extract<FeedEvent, { kind: 'block' }>, 'header' | 'rows' | 'behind'>;

async function tell(options: WatchOptions, state: State, block: ReadBlock): Promise<void> {
  const { header } = block;
  // Throws when the block is not the tip's child, before anybody hears of it.
  const chain = extendChain(state.chain, header, options.reorgDepth + 1);
  await state.early?.settled();
  await options.onEvent({ kind: 'block', ...block, complete: state.complete });
  state.chain = chain;
  state.complete = true;
  await settle(options, state);
}

async function settle(options: WatchOptions, state: State): Promise<void> {
  try {
    await options.onSettled?.(state.chain);
  } catch (error) {
    options.onTrouble('keeping the position', error);
  }
}

/** The headers up to a height, so that a reorganisation can be followed from the first moment. */
async function chainEndingAt(options: WatchOptions, to: number): Promise<HeaderChain> {
  const headers = await readHeaders(options.chain, Math.max(0, to - options.reorgDepth), to);
  return headers.reduce<HeaderChain>((chain, header) => extendChain(chain, header, options.reorgDepth + 1), []);
}

/** Heads and logs by WebSocket for as long as the watcher lives; polling covers the time without one. */
async function listenToNews(options: WatchOptions, state: State): Promise<void> {
  const { openSocket } = options.chain;
  if (openSocket === undefined) return;
  await keepSocket({
    openSocket,
    signal: state.stopping.signal,
    async onOpen(socket) {
      if (state.early !== undefined) {
        const filter = { address: options.pools, topics: [POOL_TOPICS] };
        await socket.subscribe(['logs', filter], (news) => hearNews(options, () => state.early?.hear(news)));
      }
      await socket.subscribe(['newHeads'], (news) =>
        hearNews(options, () => {
          state.pending = parseHeader(options.chain.name, news);
          state.wake();
        }),
      );
      state.socket = socket;
      // What was mined before the subscription stood is found from the head.
      state.due = true;
      state.wake();
    },
    onClose: () => {
      state.socket = undefined;
    },
    onTrouble: (error) => options.onTrouble('the WebSocket failed; polling meanwhile', error),
  });
}

function hearNews(options: WatchOptions, hear: () => void): void {
  try {
    hear();
  } catch (error) {
    options.onTrouble('reading news of the WebSocket', error);
  }
}

/** Until something wakes the watcher or the time is up. */
function pause(state: State, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      state.wake = () => undefined;
      resolve();
    }
    state.wake = done;
    if (state.stopping.signal.aborted) done();
  });
}
