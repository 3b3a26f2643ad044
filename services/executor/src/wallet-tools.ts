import type { Signer } from '@rangeward/adapter-evm/signer';
import type { WalletClient } from '@rangeward/adapter-evm/wallet-client';
import { readWalletState, type WalletState } from '@rangeward/adapter-evm/wallet-state';
import type { AbandonAnswer, AbandonRequest } from '@rangeward/adapter-redis/abandon-requests';
import type { PlanRecords } from '@rangeward/adapter-redis/plan-records';
import type { TradingStop } from '@rangeward/adapter-redis/trading-control';
import type { AutonomyLevel, Plan, TradingMode } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Amounts } from '@rangeward/uniswap-v3/liquidity-amounts';
import type { Address } from 'viem';
import type { PlanCircumstances } from './check-plan.ts';
import type { Site } from './plan-steps.ts';
import type { EventSources } from './step-facts.ts';
import type { WalletCaps } from './wallet-caps.ts';

/** Everything that plans of one wallet on one chain are carried out with. */
export type WalletTools = {
  /** The chain's name in the configuration. */
  readonly chain: string;
  readonly chainId: number;
  readonly mode: TradingMode;
  readonly wallet: Address;
  /** The one node that is read and, where nothing is kept private, sent to. */
  readonly client: WalletClient;
  /** Another provider, which must show a step too before it counts as done; null when none is configured. */
  readonly second: WalletClient | null;
  /** Where transactions go that nobody shall see before they are mined; null when they are public. */
  readonly privately: {
    readonly client: WalletClient;
    /** So many blocks after a step was made the endpoint has let it go. */
    readonly vanishBlocks: number;
    /** Then it is offered there again, or to the node for everybody to see. */
    readonly whenVanished: 'again' | 'public';
  } | null;
  /** Null in paper mode: there is no key. */
  readonly signer: Signer | null;
  readonly records: PlanRecords;
  readonly site: Site;
  readonly quoter: Address;
  readonly pools: ReadonlySet<string>;
  /** The NFTs that the configuration begins with. */
  readonly configuredNfts: ReadonlySet<bigint>;
  readonly limits: {
    /** Being in a block counts as 1. */
    readonly confirmations: number;
    readonly receiptPollMs: number;
    readonly resendMs: number;
    readonly receiptTimeoutMs: number;
    /** A step that waited through a block and so long is paid better. */
    readonly bumpAfterMs: number;
    /** A better paid step pays at most so many times what it offered first. */
    readonly mostFeeTimes: number;
    /** A second provider that says something else for so long is told to alerts. */
    readonly disagreeAfterMs: number;
    /** Transactions of closed plans are looked at until so many blocks hold them. */
    readonly finalityBlocks: number;
    readonly maxTwapDeviationTicks: number;
    readonly twapWindowS: number;
    readonly longestDeadlineS: number;
  };
  readonly ledger: Ledger;
  /** Our own limits for the wallet. */
  readonly caps: WalletCaps;
  /** How far a plan's position may be moved without a person. */
  readonly autonomy: (plan: Plan) => AutonomyLevel;
  /** The stop of live trading that stands now, wherever it came from; asked before every new intent. */
  readonly stopAsked: () => Promise<TradingStop | null>;
  /** What an operator asked for, by plan. */
  readonly abandons: {
    read(planId: string): Promise<AbandonRequest | null>;
    answer(planId: string, answer: AbandonAnswer): Promise<void>;
  };
  /** Tells alerts of something that a person must look at; critical unless told. Never throws. */
  readonly reportError: (trouble: {
    code: string;
    message: string;
    severity?: 'warning' | 'critical';
    plan: Plan;
  }) => Promise<void>;
  readonly log: Logger;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  /** Told of every boundary between two effects, before the next; tests end an executor there. */
  readonly onBoundary?: (place: string) => void | Promise<void>;
};

/** What the executor touches of the shared books. All of it may be repeated without a second effect. */
export type Ledger = {
  /** Whether the breaker on error events, or the one on the chain's node, is not closed. */
  breakerOpen(chain: string): Promise<boolean>;
  /** Turns a reservation into what was really spent. */
  commitBudget(reservationId: string, usdE6: number): Promise<void>;
  /** Gives a reservation back whole. */
  releaseBudget(reservationId: string): Promise<void>;
  /** The NFT that the registry names for the plan's position; null when it knows none. */
  liveTokenId(plan: Plan): Promise<bigint | null>;
  /** Names the live NFT and notes what was left in the wallet; false when the registry knows another one as live. */
  settlePosition(plan: Plan, outcome: PlanOutcome): Promise<boolean>;
};

/** What a plan that began to move tokens came to. */
export type PlanOutcome = {
  /** The NFT that is live now: the new one, or the old one where none was minted. */
  readonly to: bigint;
  /** What it took out and did not put in again, wei. */
  readonly left: Amounts;
  /** All was taken out and nothing minted: no NFT holds the position now. */
  readonly rests: boolean;
};

/** The right to act for a wallet, for as long as `signal` is not aborted. */
export type WalletLease = { readonly fence: number; readonly signal: AbortSignal };

export function sourcesOf(tools: WalletTools, plan: Plan): EventSources {
  // The event's contract: addresses are lower case.
  return { pool: plan.run.pool as Address, positionManager: tools.site.positionManager };
}

/** The chain as a plan of this wallet must see it. */
export function lookAtChain(tools: WalletTools, plan: Plan): Promise<WalletState> {
  return readWalletState(tools.client, {
    wallet: tools.wallet,
    pool: sourcesOf(tools, plan).pool,
    positionManager: tools.site.positionManager,
    tokenId: plan.position.tokenId,
    twapWindowS: tools.limits.twapWindowS,
  });
}

export async function circumstances(tools: WalletTools, plan: Plan): Promise<PlanCircumstances> {
  const [chain, breakerOpen, stop, liveTokenId] = await Promise.all([
    lookAtChain(tools, plan),
    tools.ledger.breakerOpen(tools.chain),
    tools.stopAsked(),
    tools.ledger.liveTokenId(plan),
  ]);
  return {
    now: new Date(tools.now()).toISOString(),
    mode: tools.mode,
    wallet: tools.wallet,
    poolConfigured: tools.pools.has(plan.run.pool),
    breakerOpen,
    stop,
    liveTokenId,
    maxTwapDeviationTicks: tools.limits.maxTwapDeviationTicks,
    twapWindowS: tools.limits.twapWindowS,
    chain,
  };
}

export async function boundary(tools: WalletTools, place: string): Promise<void> {
  await tools.onBoundary?.(place);
}
