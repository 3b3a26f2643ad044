import type { BlockPoint } from '@rangeward/adapter-evm/announced-logs';
import type { BlockHeader } from '@rangeward/adapter-evm/block-header';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import type { PoolRow, SwapRow } from '@rangeward/adapter-evm/decode-pool-log';
import { readPool } from '@rangeward/adapter-evm/read-pool';
import type { FeedEvent } from '@rangeward/adapter-evm/watch-blocks';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { tick } from '@rangeward/contracts';
import { stableUsdE6RoundingDown } from '@rangeward/uniswap-v3/price';
import { isoTimeOf } from './iso-time.ts';
import type { LivePositions } from './live-positions.ts';
import type { PoolHistory } from './pool-history.ts';
import { toTrade } from './to-trade.ts';
import type { BreachWatch } from './watch-breaches.ts';
import { priceUsdE6At, type WatchedPool } from './watched-pool.ts';

type BlockTools = {
  readonly chain: ChainReader;
  readonly bus: Bus;
  readonly pools: readonly WatchedPool[];
  readonly live: LivePositions;
  readonly breaches: BreachWatch;
  readonly histories: ReadonlyMap<string, PoolHistory>;
};

/** The part of the listener that says what a block means; every step may be repeated with no second effect. */
type BlockHandler = {
  onEvent(event: FeedEvent): Promise<void>;
  /**
   * Announces breaches from rows that the node has announced and not yet answered for, by the positions of the block
   * before: it is the block itself that decides, and a run that was woken in vain is skipped.
   */
  onEarly(block: BlockPoint, rows: readonly PoolRow[]): Promise<void>;
  /** Reads the pools and looks for breaches, where no swap tells the price. */
  lookAtState(block: BlockHeader): Promise<void>;
  /** The next block is looked at as by `lookAtState`, whether or not it has swaps. */
  doubt(): void;
};

type BlockEvent = Extract<FeedEvent, { kind: 'block' }>;
type PoolAfter = { readonly tick: number; readonly sqrtPriceX96: bigint; readonly liquidity: bigint };

export function createBlockHandler(tools: BlockTools): BlockHandler {
  const { chain, pools, live, breaches, histories } = tools;
  /** Pools whose price no swap that we heard tells: after a reorganisation or a gap. */
  const doubted = new Set<string>();
  const doubtAll = () => {
    for (const pool of pools) doubted.add(pool.address);
  };

  /** The tick at which a gap left a pool, until the newest block was looked at. */
  const passed = new Map<string, number>();

  async function onPool(pool: WatchedPool, { header: block, complete, behind }: BlockEvent, swaps: readonly SwapRow[]) {
    const isDoubted = doubted.has(pool.address);
    const left = passed.get(pool.address);
    if (swaps.length === 0 && !isDoubted) {
      if (behind > 0 || left === undefined) return;
      await breaches.check(pool, await live.of(pool), left, block);
      passed.delete(pool.address);
      return;
    }
    const after: PoolAfter = swaps.at(-1) ?? (await readPool(chain, pool.address, block, 60));
    const positions = await live.of(pool);
    // The breach goes out first: it is what somebody waits for.
    const look = behind > 0 ? breaches.passOver : breaches.check;
    const announced = look(pool, positions, after.tick, block);
    await Promise.all([announced, sayTick(tools.bus, pool, { block, after, swaps, complete })]);
    doubted.delete(pool.address);
    if (behind > 0) passed.set(pool.address, after.tick);
    else passed.delete(pool.address);
  }

  async function onBlock(event: BlockEvent): Promise<void> {
    const { header, rows } = event;
    if (!event.complete) {
      for (const history of histories.values()) history.drop(null);
      doubtAll();
    }
    const swaps = swapsByPool(rows);
    await Promise.all(pools.map((pool) => onPool(pool, event, swaps.get(pool.address) ?? [])));
    for (const pool of pools) {
      const trades = (swaps.get(pool.address) ?? []).map((row) => toTrade(pool, row, header.timestampS));
      histories.get(pool.address)?.put(header, trades);
    }
  }

  return {
    async onEvent(event) {
      if (event.kind === 'block') return onBlock(event);
      for (const history of histories.values()) history.drop(event.ancestor);
      live.forget();
      passed.clear();
      doubtAll();
      await breaches.rewind(event.ancestor ?? 0);
    },
    async onEarly(block, rows) {
      const swaps = swapsByPool(rows);
      for (const pool of pools) {
        const last = swaps.get(pool.address)?.at(-1);
        if (last !== undefined) await breaches.announceEarly(pool, live.known(pool), last.tick, block);
      }
    },
    async lookAtState(block) {
      for (const pool of pools) {
        const positions = await live.of(pool);
        if (positions.length === 0) continue;
        const { tick: present } = await readPool(chain, pool.address, block, 60);
        await breaches.check(pool, positions, present, block);
      }
    },
    doubt: doubtAll,
  };
}

function swapsByPool(rows: readonly PoolRow[]): ReadonlyMap<string, SwapRow[]> {
  const swaps = rows.filter((row) => row.kind === 'swap');
  return Map.groupBy(swaps, (row) => row.pool);
}

type TickNews = {
  readonly block: BlockHeader;
  readonly after: PoolAfter;
  readonly swaps: readonly SwapRow[];
  readonly complete: boolean;
};

async function sayTick(bus: Bus, pool: WatchedPool, { block, after, swaps, complete }: TickNews): Promise<void> {
  const stable = swaps.reduce((sum, row) => sum + toTrade(pool, row, block.timestampS).stable, 0n);
  await bus.publish(tick, {
    chain: pool.chain,
    pool: pool.address,
    block: { number: block.number, hash: block.hash, time: isoTimeOf(block) },
    tick: after.tick,
    sqrtPriceX96: after.sqrtPriceX96,
    liquidity: after.liquidity,
    priceUsdE6: priceUsdE6At(pool, after.sqrtPriceX96),
    swaps: swaps.length,
    volumeUsdE6: Number(stableUsdE6RoundingDown(stable, pool.stableDecimals)),
    complete,
  });
}
