import { knownChains } from '@rangeward/adapter-evm/known-chains';
import { answerAbandonRequest, readAbandonRequest } from '@rangeward/adapter-redis/abandon-requests';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { acquireLease } from '@rangeward/adapter-redis/leases';
import { createPlanRecords, walletLease } from '@rangeward/adapter-redis/plan-records';
import { adoptPosition, readPosition, settlePosition } from '@rangeward/adapter-redis/position-registry';
import { readStop } from '@rangeward/adapter-redis/trading-control';
import type { Plan, TradeExecuted } from '@rangeward/contracts';
import { createLogger } from '@rangeward/service/log';
import { carryOut } from '../src/carry-out.ts';
import type { WalletLease, WalletTools } from '../src/wallet-tools.ts';
import { type LocalWorld, pool, positionLeftBehind, revokeAll } from './local-world.ts';

/** The wallet of a local world as an executor holds it, with a record of what was settled and reported. */
export type LiveWallet = ReturnType<typeof openLiveWallet>;

export const ref = { chain: 'local', pool, id: 'main' };
const log = createLogger({ service: 'executor', level: 'silent' });
/** No caps of its own, and nobody to ask. */
const unbound: Pick<WalletTools, 'caps' | 'autonomy'> = {
  caps: { reserve: async () => [], settle: async () => {} },
  autonomy: () => 'act',
};

const limits: WalletTools['limits'] = {
  confirmations: 1,
  receiptPollMs: 50,
  resendMs: 5_000,
  receiptTimeoutMs: 20_000,
  bumpAfterMs: 60_000,
  mostFeeTimes: 5,
  disagreeAfterMs: 10_000,
  finalityBlocks: 64,
  maxTwapDeviationTicks: 200,
  twapWindowS: 600,
  longestDeadlineS: 600,
};

export function openLiveWallet(redis: Redis, world: LocalWorld) {
  const settled: string[] = [];
  const reported: string[] = [];

  function toolsFor(change: Partial<WalletTools> = {}): WalletTools {
    const { positionManager, swapRouter, routerKind, quoter } = knownChains.local;
    return {
      chain: 'local',
      chainId: 31337,
      mode: 'live',
      wallet: world.wallet,
      client: world.walletClient,
      second: null,
      privately: null,
      signer: world.signer,
      records: createPlanRecords(redis, { chainId: 31337, wallet: world.wallet }),
      site: { positionManager, swapRouter, routerKind, wallet: world.wallet },
      quoter,
      pools: new Set([pool]),
      configuredNfts: new Set(),
      limits,
      ledger: {
        breakerOpen: async () => false,
        commitBudget: async (id, usdE6) => void settled.push(`commit ${id} ${usdE6}`),
        releaseBudget: async (id) => void settled.push(`release ${id}`),
        liveTokenId: async () => (await readPosition(redis, ref))?.tokenId ?? null,
        settlePosition: (plan, came) =>
          settlePosition(redis, ref, { planId: plan.planId, from: plan.position.tokenId, ...came }),
      },
      ...{ ...unbound, stopAsked: () => readStop(redis) },
      abandons: {
        read: (planId) => readAbandonRequest(redis, planId),
        answer: (planId, answer) => answerAbandonRequest(redis, planId, answer),
      },
      reportError: async ({ code }) => void reported.push(code),
      log,
      now: Date.now,
      ...change,
    };
  }

  /** A new executor has the wallet's lease; the one before has lost it, whether it knows or not. */
  async function lease(): Promise<WalletLease> {
    const name = walletLease({ chainId: 31337, wallet: world.wallet });
    const taken = await acquireLease(redis, name, 'test', 60_000);
    if (taken === null) throw new Error('somebody holds the wallet');
    await taken.release();
    return { fence: taken.fence, signal: new AbortController().signal };
  }

  async function carried(plan: Plan, tools = toolsFor()): Promise<TradeExecuted> {
    const answer = await carryOut(tools, plan, await lease());
    if (answer.kind !== 'done') throw new Error(`taken by ${answer.planId}`);
    return answer.trade;
  }

  /** A position that the price left by `ticks`, adopted, and no approval but a plan's own. */
  async function managed(halfWidth: number, ticks: number): Promise<bigint> {
    const tokenId = await positionLeftBehind(world, halfWidth, ticks);
    await revokeAll(world);
    await adoptPosition(redis, ref, { tokenId, entry: null });
    return tokenId;
  }

  return { toolsFor, lease, carried, managed, settled, reported };
}
