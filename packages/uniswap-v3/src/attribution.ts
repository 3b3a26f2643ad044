import type { Amounts } from './liquidity-amounts.ts';
import type { OfNft } from './value-ledger.ts';

/** What one NFT of the line brought: fees at the price when they were collected, IL at the price when it was left. */
export type Stage = OfNft & {
  readonly feesX192: bigint;
  readonly ilX192: bigint;
  /** What was put into it, at the prices then. */
  readonly putInX192: bigint;
  readonly open: boolean;
};

/** Where a change of value comes from, signed: costs are negative. In raw units of the numeraire, times 2^192. */
export type ValueParts = {
  readonly feesCollectedX192: bigint;
  readonly feesUncollectedX192: bigint;
  /** What the deposits, held, gained by the price: the HODL benchmark's own result. */
  readonly priceX192: bigint;
  /** V_LP - V_HODL of each NFT's own entry amounts, at the price when its liquidity was taken out. */
  readonly ilRealisedX192: bigint;
  /** The same of the liquidity that is still in, at the price of the mark. */
  readonly ilUnrealisedX192: bigint;
  /** What the price did to the tokens that the line holds otherwise than as deposited, since fees, IL and swaps changed them. */
  readonly ilCarriedX192: bigint;
  readonly swapCostX192: bigint;
  readonly giftsX192: bigint;
  readonly gasX192: bigint;
};

/** What happened to the tokens themselves, in wei; `fromLiquidity` is what liquidity paid out, less what it took in. */
export type TokenSums = {
  readonly deposited: Amounts;
  readonly withdrawn: Amounts;
  readonly gifts: Amounts;
  readonly feesCollected: Amounts;
  readonly feesUncollected: Amounts;
  readonly swapped: Amounts;
  readonly fromLiquidity: Amounts;
  readonly gas: Amounts;
  /** Held at the end: in the wallet, owed by NFTs of what was decreased, and in liquidity. */
  readonly idle: Amounts;
  readonly owed: Amounts;
  readonly principal: Amounts;
};

export type Attribution = {
  readonly parts: ValueParts;
  readonly depositedX192: bigint;
  readonly withdrawnX192: bigint;
  /** All that is held at the end, with uncollected fees. */
  readonly valueX192: bigint;
  /** Deposits less withdrawals, held, at the price of the mark. */
  readonly hodlValueX192: bigint;
  /** value + withdrawn - deposited - gas, from the balances and not from the parts: equal to their sum. */
  readonly changeX192: bigint;
  readonly tokens: TokenSums;
  readonly stages: readonly Stage[];
};

/** The parts added up: equal to `changeX192`, to the last bit. */
export function sumOfPartsX192(parts: ValueParts): bigint {
  return Object.values(parts).reduce((sum: bigint, part: bigint) => sum + part, 0n);
}
