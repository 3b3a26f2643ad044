import { setTimeout as delay } from 'node:timers/promises';
import { type BlockHeader, readHeader } from '@rangeward/adapter-evm/block-header';
import { ChainError, isTooManyRequests } from '@rangeward/adapter-evm/chain-error';
import type { ChainReader } from '@rangeward/adapter-evm/client';
import { decodePoolEvent, poolEventsAbi, type RecordedEvent } from '@rangeward/recording/recorded-event';
import { type Address, type Hex, toEventSelector } from 'viem';
import { z } from 'zod';

/** A stretch of blocks with all the pool's events in it. */
export type Stretch = {
  readonly from: number;
  readonly to: number;
  /** The last block's hash: a recording that goes on later compares it. */
  readonly lastHash: Hex;
  readonly events: readonly RecordedEvent[];
};

export type EventQuery = { readonly pool: Address; readonly from: number; readonly to: number };

const TOPICS = poolEventsAbi.map(toEventSelector);
const CHUNK = { first: 2_000, most: 50_000 };
/** Pauses when the node wants rest or is away; after the last one it is given up. */
const PAUSES_MS = [250, 1_000, 3_000, 10_000, 30_000];

const hex = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  // The pattern is what the type says.
  .transform((text) => text.toLowerCase() as Hex);
const rawLogs = z.array(
  z.object({
    ...{ blockNumber: hex, blockHash: hex, logIndex: hex, transactionHash: hex, transactionIndex: hex, data: hex },
    topics: z.tuple([hex], hex),
    blockTimestamp: hex.nullish(),
    removed: z.boolean().optional(),
  }),
);
type RawLog = z.output<typeof rawLogs>[number];

/**
 * Reads a pool's events stretch by stretch. A stretch the node refuses, whatever words it has for "too much", is halved
 * down to one block; what went well is followed by twice as much. Each log's block hash is compared with the header.
 * Throws ChainError when one block is refused for good, or when the chain changed while it was read.
 */
export async function* readPoolEvents(chain: ChainReader, { pool, from, to }: EventQuery): AsyncGenerator<Stretch> {
  let chunk = CHUNK.first;
  let pauses = 0;
  for (let first = from; first <= to; ) {
    const last = Math.min(to, first + chunk - 1);
    try {
      const stretch = await readStretch(chain, { pool, from: first, to: last });
      pauses = 0;
      chunk = Math.min(CHUNK.most, chunk * 2);
      yield stretch;
      first = last + 1;
    } catch (error) {
      if (!(error instanceof ChainError) || error.code === 'bad-answer' || error.code === 'block-gone') throw error;
      const wantsRest = isTooManyRequests(error) || error.code === 'unreachable' || first === last;
      const pauseMs = PAUSES_MS[pauses];
      if (wantsRest && pauseMs === undefined) throw error;
      if (wantsRest) pauses++;
      if (wantsRest) await delay(pauseMs);
      if (!isTooManyRequests(error)) chunk = Math.max(1, (last - first + 1) >> 1);
    }
  }
}

async function readStretch(chain: ChainReader, { pool, from, to }: EventQuery): Promise<Stretch> {
  const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
  const logs = parseLogs(chain, await chain.request('eth_getLogs', [{ address: pool, topics: [TOPICS], ...range }]));
  const headers = await headersOf(chain, new Set([...logs.map(({ blockNumber }) => Number(blockNumber)), to]));
  const events = logs
    .filter(({ removed }) => removed !== true)
    .map((log) => eventOf(chain, log, headers))
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
  const last = headers.get(to);
  if (last === undefined) throw new ChainError('block-gone', chain.name, `the node has no block ${to}`);
  return { from, to, lastHash: last.hash, events };
}

function parseLogs(chain: ChainReader, answer: unknown): readonly RawLog[] {
  const parsed = rawLogs.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ChainError('bad-answer', chain.name, 'eth_getLogs answered something that is no list of logs');
}

async function headersOf(chain: ChainReader, blocks: ReadonlySet<number>): Promise<ReadonlyMap<number, BlockHeader>> {
  const headers = await Promise.all([...blocks].map((block) => readHeader(chain, block)));
  return new Map(headers.map((header) => [header.number, header]));
}

function eventOf(chain: ChainReader, log: RawLog, headers: ReadonlyMap<number, BlockHeader>): RecordedEvent {
  const header = headers.get(Number(log.blockNumber));
  if (header === undefined || header.hash !== log.blockHash) {
    const words = `block ${Number(log.blockNumber)} changed while its logs were read; begin again with a later head`;
    throw new ChainError('block-gone', chain.name, words);
  }
  const place = {
    blockNumber: header.number,
    blockHash: log.blockHash,
    timestampS: header.timestampS,
    transactionHash: log.transactionHash,
    transactionIndex: Number(log.transactionIndex),
    logIndex: Number(log.logIndex),
  };
  return decodePoolEvent(place, log.topics, log.data);
}
