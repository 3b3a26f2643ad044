import type { BlockPoint } from '@rangeward/adapter-evm/announced-logs';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { type Episode, readEpisode, rewindEpisode, saveEpisode } from '@rangeward/adapter-redis/breach-episodes';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { priceBreachTrigger } from '@rangeward/contracts';
import { detectBreach } from './detect-breach.ts';
import { isoTimeOf } from './iso-time.ts';
import type { LivePosition } from './live-positions.ts';
import { stepEpisode } from './step-episode.ts';
import type { WatchedPool } from './watched-pool.ts';

export type BreachWatch = {
  /** Looks at every position after the newest block; resolves when JetStream has the breaches there are. */
  check(pool: WatchedPool, positions: readonly LivePosition[], tick: number, block: BlockPoint): Promise<void>;
  /** As `check`, for a block that others are known to follow: what is over is ended, nothing is announced. */
  passOver(pool: WatchedPool, positions: readonly LivePosition[], tick: number, block: BlockPoint): Promise<void>;
  /** As `check`, for a tick that the block's last swap may still change: a breach is announced, none is ended. */
  announceEarly(pool: WatchedPool, positions: readonly LivePosition[], tick: number, block: BlockPoint): Promise<void>;
  /** Blocks above the ancestor are not on the chain any more. */
  rewind(ancestor: number): Promise<void>;
};

type Tools = {
  readonly redis: Redis;
  readonly bus: Bus;
  readonly settings: { readonly bufferTicks: number; readonly rearmBlocks: number };
};

type Seen = {
  readonly tick: number;
  readonly block: BlockPoint;
  readonly when: 'early' | 'newest' | 'passed';
};

/**
 * Announces breaches, each once per episode. The announcement goes out before the episode is written: a crash between
 * the two repeats the very same event, whose id is derived from the block, so that it counts once.
 */
export function createBreachWatch({ redis, bus, settings }: Tools): BreachWatch {
  const episodes = new Map<string, { ref: Parameters<typeof readEpisode>[1]; open: Episode | null }>();

  async function checkOne(pool: WatchedPool, position: LivePosition, { tick, block, when }: Seen): Promise<void> {
    const ref = { chain: pool.chain, pool: pool.address, id: position.id };
    const key = `${ref.chain}/${ref.pool}/${ref.id}`;
    const known = episodes.get(key) ?? { ref, open: await readEpisode(redis, ref) };
    episodes.set(key, known);
    const where = detectBreach(tick, position, settings.bufferTicks);
    const seen = { where, tokenId: position.tokenId.toString(), block: block.number, isNewest: when !== 'passed' };
    const step = stepEpisode(known.open, seen, settings.rearmBlocks);
    if (step.kind === 'keep' || (when === 'early' && step.kind === 'close')) return;
    if (step.kind === 'announce') {
      const { id, tokenId, tickLower, tickUpper } = position;
      await bus.publish(priceBreachTrigger, {
        chain: pool.chain,
        pool: pool.address,
        position: id,
        tokenId,
        ...{ block: block.number, blockHash: block.hash, blockTime: isoTimeOf(block) },
        ...{ tick, tickLower, tickUpper },
        bufferTicks: settings.bufferTicks,
        side: step.episode.side,
      });
    }
    known.open = step.kind === 'announce' ? step.episode : null;
    await saveEpisode(redis, ref, block.number, known.open);
  }

  const look =
    (when: Seen['when']): BreachWatch['check'] =>
    async (pool, positions, tick, block) => {
      await Promise.all(positions.map((position) => checkOne(pool, position, { tick, block, when })));
    };

  return {
    check: look('newest'),
    passOver: look('passed'),
    announceEarly: look('early'),
    rewind: async (ancestor) => {
      await Promise.all([...episodes.values()].map(({ ref }) => rewindEpisode(redis, ref, ancestor)));
    },
  };
}
