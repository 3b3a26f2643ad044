import { type Address, type Hex, size } from 'viem';
import { z } from 'zod';
import { ChainError } from './chain-error.ts';
import type { ChainReader } from './client.ts';
import { MARKER_BYTES, type Marker, splitMarker } from './encode-marker.ts';
import { readInRanges } from './log-ranges.ts';

const hex = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  // The pattern is what the type says.
  .transform((text) => text.toLowerCase() as Hex);
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform((text) => BigInt(text));

const logSchema = z.object({ address: hex, topics: z.array(hex), data: hex, logIndex: quantity, transactionHash: hex });
const transactionSchema = z.object({ hash: hex, from: hex, to: hex.nullish(), input: hex, nonce: quantity });
const receiptSchema = z.object({
  transactionHash: hex,
  blockNumber: quantity,
  blockHash: hex,
  transactionIndex: quantity,
  status: quantity,
  gasUsed: quantity,
  effectiveGasPrice: quantity,
  l1Fee: quantity.nullish(),
  logs: z.array(logSchema),
});

/** A log as it stands on the chain, everything in lower case. */
export type ChainLog = {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly logIndex: number;
  readonly txHash: Hex;
};

/** A transaction that is in a block, with its whole receipt. */
export type MinedTransaction = {
  readonly hash: Hex;
  readonly from: Address;
  /** Null when it made a contract. */
  readonly to: Address | null;
  readonly nonce: number;
  readonly block: number;
  readonly index: number;
  readonly succeeded: boolean;
  /** All that it cost its sender beside what it moved: gas, and the data fee of OP-stack chains. */
  readonly feeWei: bigint;
  /** The marker of one of our plans behind its calldata, judging by the length. */
  readonly marker: Marker | null;
  readonly logs: readonly ChainLog[];
};

type LogFilter = {
  readonly address: Address | readonly Address[];
  readonly topics: readonly (Hex | readonly Hex[] | null)[];
};

/** Logs of any kind over a range of blocks, in order; ranges the node refuses are halved. Throws ChainError. */
export function readLogs(
  chain: ChainReader,
  filter: LogFilter,
  blocks: { readonly from: number; readonly to: number },
): Promise<ChainLog[]> {
  return readInRanges(blocks, async ({ from, to }) => {
    const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
    const answer = await chain.request('eth_getLogs', [{ ...filter, ...range }]);
    return parse(chain, 'eth_getLogs', z.array(logSchema), answer).map(toLog);
  });
}

/** Transactions with their receipts, in the order asked; null for one that is in no block. Throws ChainError. */
export async function readTransactions(
  chain: ChainReader,
  hashes: readonly Hex[],
): Promise<(MinedTransaction | null)[]> {
  return Promise.all(hashes.map((hash) => readTransaction(chain, hash)));
}

async function readTransaction(chain: ChainReader, hash: Hex): Promise<MinedTransaction | null> {
  const [sent, mined] = await Promise.all([
    chain.request('eth_getTransactionByHash', [hash]),
    chain.request('eth_getTransactionReceipt', [hash]),
  ]);
  if (sent === null || mined === null) return null;
  const transaction = parse(chain, 'eth_getTransactionByHash', transactionSchema, sent);
  const receipt = parse(chain, 'eth_getTransactionReceipt', receiptSchema, mined);
  return {
    hash: transaction.hash,
    from: transaction.from,
    to: transaction.to ?? null,
    nonce: Number(transaction.nonce),
    block: Number(receipt.blockNumber),
    index: Number(receipt.transactionIndex),
    succeeded: receipt.status === 1n,
    feeWei: receipt.gasUsed * receipt.effectiveGasPrice + (receipt.l1Fee ?? 0n),
    marker: markerBehind(transaction.input),
    logs: receipt.logs.map(toLog),
  };
}

/** Arguments are whole words of 32 bytes, so what is behind them shows by the length: other calldata has no marker. */
function markerBehind(input: Hex): Marker | null {
  const behind = (size(input) - 4) % 32;
  return behind === MARKER_BYTES % 32 ? (splitMarker(input)?.marker ?? null) : null;
}

function toLog(log: z.output<typeof logSchema>): ChainLog {
  const { address, topics, data } = log;
  return { address, topics, data, logIndex: Number(log.logIndex), txHash: log.transactionHash };
}

function parse<Schema extends z.ZodType>(
  chain: ChainReader,
  method: string,
  schema: Schema,
  answer: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ChainError('bad-answer', chain.name, `${method} answered something of another shape`);
}
