import type { Hex } from 'viem';
import { z } from 'zod';
import { ChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';

/** What tells a block from every other, and its place in the chain. */
export type BlockHeader = {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** The chain's clock, Unix seconds. */
  readonly timestampS: number;
  /** Wei; 0 on a chain without EIP-1559. */
  readonly baseFeeWei: bigint;
  /** 2048 bits: addresses and topics that are certainly not in the block's logs can be told from it. */
  readonly logsBloom: Hex | undefined;
};

const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  // The pattern is what the type says.
  .transform((text) => text.toLowerCase() as Hex);
const quantity = z.string().regex(/^0x[0-9a-f]+$/i);

/** Headers as nodes send them: the answer to eth_getBlockByNumber and the news of newHeads alike. */
const headerSchema = z
  .object({
    number: quantity,
    hash,
    parentHash: hash,
    timestamp: quantity,
    baseFeePerGas: quantity.nullish(),
    logsBloom: z.string().nullish(),
  })
  .transform(
    (block): BlockHeader => ({
      number: Number(block.number),
      hash: block.hash,
      parentHash: block.parentHash,
      timestampS: Number(block.timestamp),
      baseFeeWei: BigInt(block.baseFeePerGas ?? '0x0'),
      // The pattern of a bloom is not checked: one that is not 512 hex digits is taken for unknown where it is read.
      logsBloom: (block.logsBloom ?? undefined) as Hex | undefined,
    }),
  );

/** Throws ChainError `bad-answer` when it is no header. */
export function parseHeader(chain: string, answer: unknown): BlockHeader {
  const parsed = headerSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ChainError('bad-answer', chain, 'the node sent something that is no block header');
}

/** The header at a height or at the head; throws ChainError `block-gone` when the node has none there. */
export async function readHeader(chain: ChainReader, at: number | 'latest'): Promise<BlockHeader> {
  const tag = at === 'latest' ? at : `0x${at.toString(16)}`;
  const answer = await chain.request('eth_getBlockByNumber', [tag, false]);
  if (answer === null) throw new ChainError('block-gone', chain.name, `the node has no block ${at}`);
  return parseHeader(chain.name, answer);
}

/** Headers of the heights `from` to `to`, both included, in order; one JSON-RPC batch for each hundred. */
export function readHeaders(chain: ChainReader, from: number, to: number): Promise<BlockHeader[]> {
  return Promise.all(Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => readHeader(chain, from + index)));
}
