import type { Plan, TradeExecuted } from '@rangeward/contracts';
import type { Address, Hex } from 'viem';

/**
 * What is known of live trading at one moment, from the broker, Redis and the chains: values only, so that whoever judges
 * it needs nothing else. All of the plans that were published since `sinceMs`.
 */
export type Evidence = {
  readonly nowMs: number;
  readonly sinceMs: number;
  readonly plans: readonly PlanEvidence[];
  readonly wallets: readonly WalletEvidence[];
  readonly budgets: readonly BudgetEvidence[];
  /** Error notifications that alerts itself said, which must be none, and the most hops of the newest ones. */
  readonly errors: { readonly saidByAlerts: number; readonly mostHops: number };
};

export type PlanEvidence = {
  readonly plan: Plan;
  /** Every event that closes it. */
  readonly trades: readonly TradeExecuted[];
  readonly deadLetters: number;
  /** It waits for a person. */
  readonly proposed: boolean;
  /** What the executor wrote down of it. */
  readonly record: RecordEvidence | null;
  /** Of its budget reservation: what is still held, and what was booked as spent; null where Redis knows none. */
  readonly gasHeldUsdE6: number | null;
  readonly gasSpentUsdE6: number | null;
};

export type RecordEvidence = {
  readonly status: 'open' | 'done';
  readonly halted: boolean;
  readonly steps: readonly {
    readonly name: string;
    readonly nonce: number;
    readonly hashes: readonly Hex[];
    /** Its transaction is in a block, as far as the record knows. */
    readonly settled: boolean;
  }[];
};

export type WalletEvidence = {
  readonly chain: string;
  readonly chainId: number;
  readonly wallet: Address;
  /** The next nonce as the chain has it, and as the executor wrote it down; null when it never did. */
  readonly nonce: number;
  readonly floor: number | null;
  /** The contracts that may be called. */
  readonly allowed: { readonly positionManager: Address; readonly swapRouter: Address };
  /** Transactions that a record or a trade names and all that minted an NFT to the wallet, where they are in a block. */
  readonly transactions: readonly SentTransaction[];
  /** What contracts may still take of the tokens of its plans. */
  readonly allowances: readonly { readonly token: Address; readonly spender: Address; readonly amount: bigint }[];
};

export type SentTransaction = {
  readonly hash: Hex;
  readonly from: Address;
  readonly to: Address | null;
  readonly nonce: number;
  readonly valueWei: bigint;
  readonly input: Hex;
  readonly succeeded: boolean;
  readonly feeWei: bigint;
  /** NFTs minted to the wallet in it. */
  readonly minted: number;
  readonly marker: { readonly planId: string; readonly step: number } | null;
};

/** A budget at the moment, and the highest limit under which anything of it was reserved. */
export type BudgetEvidence = {
  readonly budget: string;
  readonly scope: string;
  readonly drawn: number;
  readonly limit: number;
};
