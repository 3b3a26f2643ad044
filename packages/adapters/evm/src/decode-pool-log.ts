import { type Address, decodeEventLog, type Hex, toEventSelector } from 'viem';
import { z } from 'zod';
import { poolAbi } from './abis.ts';
import { lowerAddress } from './lower-address.ts';

/** Where a log stands; rows are ordered by block and then by log index. */
export type LogPlace = {
  readonly pool: Address;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly txHash: Hex;
  /** Time of its block, Unix seconds, where the node says it with the log. */
  readonly timestampS: number | undefined;
};

export type SwapRow = LogPlace & {
  readonly kind: 'swap';
  /** Into the pool positive, out of it negative, in the tokens' smallest units. */
  readonly amount0: bigint;
  readonly amount1: bigint;
  /** After the swap. */
  readonly sqrtPriceX96: bigint;
  readonly liquidity: bigint;
  readonly tick: number;
};

export type LiquidityRow = LogPlace & {
  readonly kind: 'mint' | 'burn';
  readonly owner: Address;
  readonly tickLower: number;
  readonly tickUpper: number;
  readonly liquidity: bigint;
  /** What it cost or gave, in the tokens' smallest units. */
  readonly amount0: bigint;
  readonly amount1: bigint;
};

export type PoolRow = SwapRow | LiquidityRow;

export const SWAP_TOPIC = toEventSelector('Swap(address,address,int256,int256,uint160,uint128,int24)');
export const MINT_TOPIC = toEventSelector('Mint(address,address,int24,int24,uint128,uint256,uint256)');
export const BURN_TOPIC = toEventSelector('Burn(address,int24,int24,uint128,uint256,uint256)');

const lowerHex = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  // The pattern is what the type says.
  .transform((text) => text.toLowerCase() as Hex);

const rawLog = z.object({
  address: lowerHex,
  blockNumber: lowerHex,
  blockHash: lowerHex,
  logIndex: lowerHex,
  transactionHash: lowerHex,
  topics: z.array(lowerHex).min(1),
  data: lowerHex,
  blockTimestamp: lowerHex.nullish(),
  removed: z.boolean().optional(),
});

/**
 * Rows of what eth_getLogs answered, in order. Logs the node marks as removed and those of other events are left out.
 * Throws a ZodError or viem's decoding error when one is not what it claims to be.
 */
export function decodePoolLogs(answer: unknown): PoolRow[] {
  return z
    .array(rawLog)
    .parse(answer)
    .filter((log) => log.removed !== true)
    .map(decodeOne)
    .filter((row) => row !== undefined)
    .sort(byPlace);
}

/** Order of rows on the chain. */
export function byPlace(a: LogPlace, b: LogPlace): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}

function decodeOne(log: z.output<typeof rawLog>): PoolRow | undefined {
  const [topic] = log.topics;
  if (topic !== SWAP_TOPIC && topic !== MINT_TOPIC && topic !== BURN_TOPIC) return undefined;
  const place: LogPlace = {
    pool: log.address,
    blockNumber: Number(log.blockNumber),
    blockHash: log.blockHash,
    logIndex: Number(log.logIndex),
    txHash: log.transactionHash,
    timestampS: log.blockTimestamp ? Number(log.blockTimestamp) : undefined,
  };
  // The schema asks for at least one topic, which viem wants to see in the type.
  const event = decodeEventLog({ abi: poolAbi, topics: log.topics as [Hex, ...Hex[]], data: log.data });
  if (event.eventName === 'Swap') {
    const { amount0, amount1, sqrtPriceX96, liquidity, tick } = event.args;
    return { kind: 'swap', ...place, amount0, amount1, sqrtPriceX96, liquidity, tick };
  }
  if (event.eventName !== 'Mint' && event.eventName !== 'Burn') return undefined;
  const { owner, tickLower, tickUpper, amount, amount0, amount1 } = event.args;
  const kind = event.eventName === 'Mint' ? 'mint' : 'burn';
  return { kind, ...place, owner: lowerAddress(owner), tickLower, tickUpper, liquidity: amount, amount0, amount1 };
}
