import { setTimeout as delay } from 'node:timers/promises';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import type { PoolRow } from '@rangeward/adapter-evm/decode-pool-log';
import type { FeedEvent } from '@rangeward/adapter-evm/watch-blocks';
import type { Bus } from '@rangeward/adapter-nats/bus';
import { errorNotification } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { PoolHistory } from './pool-history.ts';
import { createFeedProof, type FeedGap, type FeedProof } from './prove-feed.ts';
import type { WatchedPool } from './watched-pool.ts';

/** Proves every block's rows before anybody acts on them. */
export type CompletenessWatch = {
  /**
   * The event with the rows that were missing put in. What stays missing is marked in the pool's history, and a person
   * hears of it. Throws to be asked again.
   */
  check(event: FeedEvent): Promise<FeedEvent>;
};

type Tools = {
  readonly chain: ChainReader;
  readonly bus: Bus;
  readonly log: Logger;
  readonly pools: readonly WatchedPool[];
  readonly histories: ReadonlyMap<string, PoolHistory>;
};

export function createCompletenessWatch({ chain, bus, log, pools, histories }: Tools): CompletenessWatch {
  const proofs = new Map(pools.map((pool) => [pool.address, createFeedProof(chain, pool, delay)]));

  async function proveOne(
    pool: WatchedPool,
    proof: FeedProof,
    { header, rows }: Extract<FeedEvent, { kind: 'block' }>,
  ): Promise<readonly PoolRow[]> {
    const own = rows.filter((row) => row.pool === pool.address);
    const proven = await proof.prove(header, own);
    const history = histories.get(pool.address);
    if (proven.kind === 'repaired') {
      // The trades of the blocks between are read again when they are next asked for.
      history?.drop(proven.after);
      log.info({ pool: pool.address, after: proven.after, block: header.number }, 'the node had left out logs');
    }
    if (proven.kind === 'incomplete') {
      history?.drop(null);
      history?.markGap(header.timestampS);
      await sayIncomplete(bus, pool, proven.gap);
    }
    return proven.rows;
  }

  return {
    async check(event) {
      if (event.kind === 'reorg' || !event.complete) {
        for (const proof of proofs.values()) proof.rewind(event.kind === 'reorg' ? event.ancestor : null);
      }
      if (event.kind === 'reorg') return event;
      const rows = await Promise.all(
        pools.map((pool) => {
          const proof = proofs.get(pool.address);
          return proof === undefined ? [] : proveOne(pool, proof, event);
        }),
      );
      return { ...event, rows: rows.flat().toSorted((a, b) => a.logIndex - b.logIndex) };
    },
  };
}

async function sayIncomplete(bus: Bus, pool: WatchedPool, { after, block, what }: FeedGap): Promise<void> {
  await bus.publish(errorNotification, {
    service: 'market-data',
    severity: 'warning',
    code: 'feed-incomplete',
    message: `logs of ${pool.address} are missing between block ${after} and ${block.number}, also when read again: ${what}`,
    kind: 'degraded',
    chain: pool.chain,
    pool: pool.address,
    runId: null,
    // One notice a block, however often the block is told.
    eventId: block.hash,
    subject: null,
    attempt: null,
    hop: 0,
  });
}
