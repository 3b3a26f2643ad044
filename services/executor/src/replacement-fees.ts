/** What a transaction offers for being mined, wei per unit of gas. */
export type Fees = { readonly maxFeePerGasWei: bigint; readonly maxPriorityFeePerGasWei: bigint };

type FeeQuestion = {
  /** Of the form that is to be replaced. */
  readonly last: Fees;
  /** The most that either fee may come to. */
  readonly most: Fees;
  readonly baseFeeWei: bigint;
  /** What the last blocks were paid on top. */
  readonly priorityFeeWei: bigint;
};

/** A node takes no replacement that pays less than 10 % more; the rest is room for its rounding. */
const RAISED_PERCENT = 115n;

/**
 * Fees for a transaction in the place of another with the same nonce: both 15 % more, rounded up, and what the chain asks
 * now where that is more. Null when the most that is allowed does not reach that far.
 */
export function replacementFees({ last, most, baseFeeWei, priorityFeeWei }: FeeQuestion): Fees | null {
  const least = { fee: raised(last.maxFeePerGasWei), tip: raised(last.maxPriorityFeePerGasWei) };
  if (least.fee > most.maxFeePerGasWei || least.tip > most.maxPriorityFeePerGasWei) return null;
  const fee = smaller(larger(least.fee, 2n * baseFeeWei + larger(least.tip, priorityFeeWei)), most.maxFeePerGasWei);
  // A replacement below the next block's base fee takes up room under the cap and is mined no sooner.
  if (fee < (baseFeeWei * 9n + 7n) / 8n) return null;
  const tip = smaller(smaller(larger(least.tip, priorityFeeWei), most.maxPriorityFeePerGasWei), fee);
  return { maxFeePerGasWei: fee, maxPriorityFeePerGasWei: tip };
}

function raised(wei: bigint): bigint {
  return (wei * RAISED_PERCENT + 99n) / 100n;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
