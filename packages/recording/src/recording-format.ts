import type { Pool, PoolStart } from '@rangeward/uniswap-v3/pool-state';
import { createPool, positionKey } from '@rangeward/uniswap-v3/pool-state';
import { z } from 'zod';

/** Header and footer of the file that docs/recording-format.md describes. Fields that are not ours are passed over. */

export const RECORDING_FORMAT = 'rangeward-recording';
export const RECORDING_VERSION = 1;

export const blockNumber = z.int().nonnegative();
export const tickNumber = z.int().min(-887_272).max(887_272);
const lowerCase = (text: string) => text.toLowerCase() as `0x${string}`;
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits')
  // The pattern is what the type says; keys of positions need one spelling.
  .transform(lowerCase);
export const bytes32 = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'expected 0x and 64 hex digits')
  .transform(lowerCase);

/** A whole number as a string of decimal digits: JSON's numbers are too small for it. */
export const unsigned = z
  .string()
  .regex(/^\d{1,78}$/, 'expected a whole number as a string of decimal digits')
  .transform(BigInt);
export const signed = z
  .string()
  .regex(/^-?\d{1,78}$/, 'expected a whole number as a string of decimal digits')
  .transform(BigInt);

const token = z.object({ address, symbol: z.string().max(64), decimals: z.int().min(0).max(255) });

const startTick = z.object({
  tick: tickNumber,
  liquidityGross: unsigned,
  liquidityNet: signed,
  feeGrowthOutside0X128: unsigned,
  feeGrowthOutside1X128: unsigned,
});

const startPosition = z.object({
  owner: address,
  tickLower: tickNumber,
  tickUpper: tickNumber,
  liquidity: unsigned,
  feeGrowthInside0LastX128: unsigned,
  feeGrowthInside1LastX128: unsigned,
  tokensOwed0: unsigned,
  tokensOwed1: unsigned,
});

const startState = z.object({
  /** 0 for a pool that was not initialized yet. */
  sqrtPriceX96: unsigned,
  tick: tickNumber,
  liquidity: unsigned,
  feeProtocol: z.int().min(0).max(255),
  feeGrowthGlobal0X128: unsigned,
  feeGrowthGlobal1X128: unsigned,
  protocolFees0: unsigned,
  protocolFees1: unsigned,
  /** Every initialized tick; null when nobody read them. */
  ticks: z.array(startTick).nullable(),
  /** Every position that an event of the recording names; null when nobody read them. */
  positions: z.array(startPosition).nullable(),
});

export const recordingHeader = z.object({
  format: z.literal(RECORDING_FORMAT),
  version: z.literal(RECORDING_VERSION),
  chainId: z.int().positive(),
  pool: address,
  feePips: z.int().min(0).max(999_999),
  tickSpacing: z.int().min(1).max(16_383),
  token0: token,
  token1: token,
  /** First and last block, both included, whether or not they hold an event. */
  fromBlock: blockNumber,
  toBlock: blockNumber,
  /** The pool at the end of block `fromBlock - 1`; null when it is unknown. */
  start: startState.nullable(),
});

/** What a recording is of, and the pool's state before its first event. */
export type RecordingHeader = z.output<typeof recordingHeader>;
/** The pool at the end of the block before the recording. */
export type RecordedStart = NonNullable<RecordingHeader['start']>;
export type RecordedTick = NonNullable<RecordedStart['ticks']>[number];
export type RecordedPosition = NonNullable<RecordedStart['positions']>[number];

export const recordingFooter = z.object({
  end: z.literal(true),
  /** How many events of each kind there are; kinds without any may be left out. */
  events: z.record(z.string(), z.int().nonnegative()),
  /** SHA-256 of all bytes before the footer's line, line ends included, before compression. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
});
/** What the last line says, so that a file cut off or altered is noticed. */
export type RecordingFooter = z.output<typeof recordingFooter>;

/**
 * The pool a recording begins with, ready for `replayEvents`; undefined when its state or its ticks are unknown. Where its
 * older positions are unknown it `knowsPositions` no more than those of the recording itself.
 */
export function startPool(header: RecordingHeader): Pool | undefined {
  const { start } = header;
  if (start?.ticks == null) return undefined;
  const { ticks, positions, ...state } = start;
  const taken: PoolStart = {
    feePips: header.feePips,
    tickSpacing: header.tickSpacing,
    ...state,
    ticks: ticks.map(({ tick, ...info }) => [tick, info] as const),
    positions: (positions ?? []).map(({ owner, tickLower, tickUpper, ...held }) => {
      return [positionKey({ owner, tickLower, tickUpper }), held] as const;
    }),
    knowsPositions: positions !== null,
  };
  return createPool(taken);
}
