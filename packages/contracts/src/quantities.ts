import { z } from 'zod';

/**
 * The scalar shapes that events are made of. Integers that may exceed 2^53 are `bigint` in memory and decimal strings
 * on the wire; money other than token amounts is an integer number of micro-dollars.
 */

const decimal = (pattern: RegExp, description: string) =>
  z
    .codec(z.string().regex(pattern), z.bigint(), {
      decode: (text) => BigInt(text),
      encode: (value) => value.toString(),
    })
    .describe(description);

/** Unsigned integer of any size, decimal string on the wire. */
export const uint = (description: string) => decimal(/^(0|[1-9][0-9]{0,77})$/, description);

/** Signed integer of any size, decimal string on the wire. */
export const int = (description: string) => decimal(/^(0|-?[1-9][0-9]{0,77})$/, description);

/** Integer micro-dollars; 1 USD = 1,000,000. Negative where a loss is possible. */
export const usdE6 = (description: string) => z.int().describe(`${description} (micro-dollars)`);

/** A price of one whole volatile token (WETH) in micro-dollars: "USDC per WETH" in either token order. */
export const priceUsdE6 = (description: string) =>
  z.int().nonnegative().describe(`${description} (micro-dollars per WETH)`);

export const tickIndex = (description: string) => z.int().min(-887272).max(887272).describe(description);

export const ADDRESS = /^0x[0-9a-f]{40}$/;
export const address = (description: string) =>
  z.string().regex(ADDRESS, 'expected 0x and 40 lower-case hex digits').describe(description);
export const hash32 = (description: string) =>
  z
    .string()
    .regex(/^0x[0-9a-f]{64}$/, 'expected 0x and 64 lower-case hex digits')
    .describe(description);
export const isoTime = (description: string) =>
  z.iso.datetime({ offset: false }).describe(`${description} (ISO 8601, UTC)`);

export const CHAIN_NAME = /^[a-z0-9-]{2,32}$/;
export const chainName = z
  .string()
  .regex(CHAIN_NAME, 'expected a configured chain name such as ethereum or base')
  .describe('name of the chain in the configuration');
export const poolAddress = address('address of the Uniswap V3 pool, lower case');
export const positionId = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/)
  .describe('name of the managed position in the configuration; stays the same while its NFT changes');
export const runId = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hex digits')
  .describe('run id: a UUIDv7 without dashes, also the trace id of the run');
export const planId = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('sha256 of the plan in canonical form');
export const tokenId = uint('id of the position NFT');

export const triggerKinds = ['scheduled', 'manual', 'price-breach', 'volatility', 'gas'] as const;
export type TriggerKind = (typeof triggerKinds)[number];
export const triggerKind = z.enum(triggerKinds).describe('what woke the run');

export const tradingModes = ['paper', 'live'] as const;
export type TradingMode = (typeof tradingModes)[number];
/** How far positions may be moved without a person: not at all, after an approval, or by itself under the limits. */
export const autonomyLevels = ['observe', 'propose', 'act'] as const;
export type AutonomyLevel = (typeof autonomyLevels)[number];

export const tradingMode = z.enum(tradingModes).describe('paper simulates the very transactions, live sends them');
