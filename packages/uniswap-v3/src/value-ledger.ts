import { Q192 } from './full-math.ts';
import type { Amounts } from './liquidity-amounts.ts';

/** Which of the pool's tokens everything is valued in. */
export type Numeraire = 'token0' | 'token1';

/** What one raw unit of each token is worth in the numeraire's raw units, times 2^192. Whole numbers, so sums of values are exact. */
export type Quote = { readonly price0X192: bigint; readonly price1X192: bigint };

/** The NFT a change belongs to; any numbers that differ will do where there is no chain. */
export type OfNft = { readonly nft: bigint };

/**
 * One thing that happened to a line of positions, at the pool's price in that moment (for a swap: the price before it). A line
 * is what is idle in its wallet and in its NFTs; amounts are in wei and not negative, but for those of a swap.
 */
export type LedgerEntry = { readonly sqrtPriceX96: bigint } & (
  | ({ readonly kind: 'deposit' | 'withdrawal' } & Amounts) // owner to idle; idle to owner
  | ({ readonly kind: 'increase'; readonly liquidity: bigint } & OfNft & Amounts) // idle to NFT
  | ({ readonly kind: 'gift'; readonly liquidity: bigint } & OfNft & Amounts) // from somebody else into the NFT
  | ({ readonly kind: 'decrease'; readonly liquidity: bigint } & OfNft & Amounts) // NFT to what it owes
  | ({ readonly kind: 'collect' } & OfNft & Amounts) // owed and fees to idle: what was really paid
  | ({ readonly kind: 'swap' } & Amounts) // what idle gained of each token, negative for what was paid
  | ({ readonly kind: 'gas' } & Amounts) // paid from outside the line, in the pool's token that the native coin is
);

/** The line at the end: what burning each open NFT would pay, and all that collect would pay then (owed principal and fees). */
export type Mark = {
  readonly sqrtPriceX96: bigint;
  readonly positions: readonly (OfNft & { readonly principal: Amounts; readonly collectable: Amounts })[];
};

/**
 * The stated valuation: exact with token1 as numeraire; with token0 the price of token1 is rounded down to 2^-192 of a raw
 * unit, and everything after it is exact.
 */
export function quoteAt(sqrtPriceX96: bigint, numeraire: Numeraire): Quote {
  const squared = sqrtPriceX96 * sqrtPriceX96;
  return numeraire === 'token1'
    ? { price0X192: squared, price1X192: Q192 }
    : { price0X192: Q192, price1X192: (Q192 * Q192) / squared };
}

export function valueX192(of: Amounts, quote: Quote): bigint {
  return of.amount0 * quote.price0X192 + of.amount1 * quote.price1X192;
}

/** A value times 2^192 in whole raw units, rounded toward minus infinity. */
export function wholeUnitsRoundingDown(valueX192: bigint): bigint {
  return valueX192 >> 192n;
}

/** Values times 2^192 as whole raw units that add up to their sum rounded down: each is less than one unit off. */
export function roundPartsTogether(partsX192: readonly bigint[]): bigint[] {
  let sumX192 = 0n;
  return partsX192.map((part) => {
    const before = wholeUnitsRoundingDown(sumX192);
    sumX192 += part;
    return wholeUnitsRoundingDown(sumX192) - before;
  });
}

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return { amount0: a.amount0 + b.amount0, amount1: a.amount1 + b.amount1 };
}

export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return { amount0: a.amount0 - b.amount0, amount1: a.amount1 - b.amount1 };
}
