import type { ErrorNotification, Plan, TradeExecuted } from '@rangeward/contracts';
import type { PlanRecord } from '@rangeward/executor/plan-record';
import type { Address, Hex } from 'viem';

/** A transaction of the wallet that is on the chain, with what it did. */
export type WalletTransaction = {
  readonly hash: Hex;
  readonly nonce: number;
  readonly blockTimeS: bigint;
  readonly to: Address | null;
  readonly input: Hex;
  readonly valueWei: bigint;
  readonly succeeded: boolean;
  readonly feeWei: bigint;
  /** What stands behind the calldata, when it is as long as a marker. */
  readonly marker: { readonly planId: string; readonly step: number } | null;
  /** NFTs of the position manager that came to the wallet out of nothing. */
  readonly minted: readonly bigint[];
};

/** Everything that was said and written of one plan. */
export type PlanFacts = {
  readonly plan: Plan;
  /** Messages on the plan's own subject of trades. */
  readonly tradeMessages: number;
  readonly trade: TradeExecuted | null;
  readonly deadLetters: number;
  readonly record: PlanRecord | null;
  /** The NFT that the registry names for the position. */
  readonly registered: bigint | null;
};

/** What stands on chain, in Redis and on the bus after some plans, and what stood before where that matters. */
export type ChaosFacts = {
  readonly wallet: Address;
  readonly positionManager: Address;
  readonly swapRouter: Address;
  readonly tokens: readonly [Address, Address];
  readonly longestDeadlineS: number;
  readonly nonceBefore: number;
  readonly nonceAfter: number;
  /** All of the wallet's since `nonceBefore`. */
  readonly transactions: readonly WalletTransaction[];
  readonly plans: readonly PlanFacts[];
  /** The plan that the books say is in hand. */
  readonly openPlan: string | null;
  readonly gasBefore: { readonly used: number; readonly reserved: number };
  readonly gasAfter: { readonly used: number; readonly reserved: number };
  /** What others may still take of the wallet's tokens. */
  readonly allowances: readonly bigint[];
  /** Wallet and positions at the price before the plans, micro-dollars. */
  readonly worth: { readonly before: bigint; readonly after: bigint };
  readonly errors: readonly ErrorNotification[];
  /** Log lines of processes that ended because we are wrong. */
  readonly broken: readonly string[];
  /** Messages of plans that are neither settled nor given up. */
  readonly unsettled: number;
};
