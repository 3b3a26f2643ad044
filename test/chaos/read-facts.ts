import { positionManagerAbi, tokenAbi } from '@rangeward/adapter-evm/abis';
import { splitMarker } from '@rangeward/adapter-evm/encode-marker';
import { readBudget } from '@rangeward/adapter-redis/budgets';
import { createPlanRecords } from '@rangeward/adapter-redis/plan-records';
import { readPosition } from '@rangeward/adapter-redis/position-registry';
import {
  consumers,
  decodeEvent,
  type ErrorNotification,
  errorNotification,
  type Plan,
  subjectOf,
  type TradeExecuted,
  tradeExecuted,
} from '@rangeward/contracts';
import { readRecord } from '@rangeward/executor/plan-record';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { type Address, parseEventLogs, size, zeroAddress } from 'viem';
import type { ChaosFacts, PlanFacts, WalletTransaction } from './chaos-facts.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { lookAt, pool, tokens } from './managed-position.ts';
import { gasBudget } from './plan-now.ts';

/** What stood before some plans, to hold what stands after them against. */
export type Baseline = {
  readonly nonce: number;
  readonly block: number;
  readonly gas: { readonly used: number; readonly reserved: number };
  /** The NFTs that are worth something, and the price at which everything is valued. */
  readonly nfts: readonly bigint[];
  readonly sqrtPriceX96: bigint;
  readonly worth: bigint;
};

/** Read before the plans are reserved and said. */
export async function readBaseline(world: ChaosWorld, nfts: readonly bigint[]): Promise<Baseline> {
  const state = await lookAt(world, nfts[0] ?? 0n);
  const { sqrtPriceX96 } = state.pool;
  const gas = await readBudget(world.redis, { ...gasBudget, nowMs: Date.now() });
  return {
    nonce: state.nonce,
    block: state.block.number,
    gas,
    nfts,
    sqrtPriceX96,
    worth: await worthOf(world, nfts, sqrtPriceX96),
  };
}

export async function readFacts(world: ChaosWorld, before: Baseline, plans: readonly Plan[]): Promise<ChaosFacts> {
  const { positionManager, swapRouter } = world.chain.addresses;
  const transactions = await onceMore(() => walletTransactions(world, before.block + 1));
  const records = createPlanRecords(world.redis, { chainId: world.chain.chainId, wallet: world.wallet });
  const nfts = [...before.nfts, ...transactions.flatMap((one) => one.minted)];
  return {
    wallet: world.wallet,
    positionManager: lower(positionManager),
    swapRouter: lower(swapRouter),
    tokens: [...tokens],
    longestDeadlineS: 660,
    nonceBefore: before.nonce,
    nonceAfter: await world.client.getTransactionCount({ address: world.wallet, blockTag: 'latest' }),
    transactions,
    plans: await Promise.all(plans.map((plan) => planFacts(world, plan, records))),
    openPlan: await records.openPlan(),
    gasBefore: before.gas,
    gasAfter: await readBudget(world.redis, { ...gasBudget, nowMs: Date.now() }),
    allowances: await allowances(world),
    worth: { before: before.worth, after: await worthOf(world, nfts, before.sqrtPriceX96) },
    errors: await readErrors(world),
    broken: world.services.flatMap((service) => service.broken),
    unsettled: await unsettledPlans(world),
  };
}

/** What a plan ended in, if it did. */
export async function endOf(world: ChaosWorld, plan: Plan): Promise<'trade' | 'dead-letter' | null> {
  if ((await messagesOn(world, 'LP_PLANS', tradeSubject(plan))) > 0) return 'trade';
  return (await deadLettersOf(world, plan)) > 0 ? 'dead-letter' : null;
}

/** Messages of plans that wait, or are in somebody's hands. */
export async function unsettledPlans(world: ChaosWorld): Promise<number> {
  const { stream, durable } = consumers.executorPlans;
  const info = await world.bus.broker.jsm.consumers.info(stream, durable);
  return info.num_pending + info.num_ack_pending;
}

const lower = (address: string) => address.toLowerCase() as Address;
const tradeSubject = (plan: Plan) => subjectOf(tradeExecuted, plan);

async function planFacts(
  world: ChaosWorld,
  plan: Plan,
  records: ReturnType<typeof createPlanRecords>,
): Promise<PlanFacts> {
  const [tradeMessages, trade, stored, registered, deadLetters] = await Promise.all([
    messagesOn(world, 'LP_PLANS', tradeSubject(plan)),
    readTrade(world, plan),
    records.read(plan.planId),
    readPosition(world.redis, { chain: 'local', pool, id: plan.position.id }),
    deadLettersOf(world, plan),
  ]);
  return {
    plan,
    tradeMessages,
    trade,
    deadLetters,
    record: stored === null ? null : readRecord(stored.body),
    registered: registered?.tokenId ?? null,
  };
}

async function readTrade(world: ChaosWorld, plan: Plan): Promise<TradeExecuted | null> {
  const message = await world.bus.broker.jsm.streams
    .getMessage('LP_PLANS', { last_by_subj: tradeSubject(plan) })
    .catch(() => null);
  return message === null
    ? null
    : decodeEvent(tradeExecuted, { subject: message.subject, headers: {}, body: message.data }).data;
}

async function messagesOn(world: ChaosWorld, stream: string, subject: string): Promise<number> {
  const { state } = await world.bus.broker.jsm.streams.info(stream, { subjects_filter: subject });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Dead letters of the executor's that carry this plan. */
async function deadLettersOf(world: ChaosWorld, plan: Plan): Promise<number> {
  const letters = await allMessages(world, 'LP_DLQ');
  return letters.filter(({ data }) => Buffer.from(data).includes(plan.planId)).length;
}

async function readErrors(world: ChaosWorld): Promise<ErrorNotification[]> {
  const messages = await allMessages(world, 'LP_ERRORS');
  return messages.map(({ subject, data }) => decodeEvent(errorNotification, { subject, headers: {}, body: data }).data);
}

async function allMessages(world: ChaosWorld, stream: string): Promise<{ subject: string; data: Uint8Array }[]> {
  const { jsm } = world.bus.broker;
  const { state } = await jsm.streams.info(stream);
  const found: { subject: string; data: Uint8Array }[] = [];
  for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
    const message = await jsm.streams.getMessage(stream, { seq }).catch(() => null);
    if (message !== null) found.push({ subject: message.subject, data: message.data });
  }
  return found;
}

export async function walletTransactions(
  world: Pick<ChaosWorld, 'client' | 'wallet'>,
  fromBlock: number,
): Promise<WalletTransaction[]> {
  const last = Number(await world.client.getBlockNumber());
  const numbers = Array.from({ length: Math.max(0, last - fromBlock + 1) }, (_, index) => BigInt(fromBlock + index));
  const blocks = await Promise.all(
    numbers.map((blockNumber) => world.client.getBlock({ blockNumber, includeTransactions: true })),
  );
  const own = blocks.flatMap((block) =>
    block.transactions
      .filter(({ from }) => lower(from) === world.wallet)
      .map((transaction) => ({ transaction, block })),
  );
  return Promise.all(
    own.map(async ({ transaction, block }) => {
      const receipt = await world.client.getTransactionReceipt({ hash: transaction.hash });
      const transfers = parseEventLogs({ abi: positionManagerAbi, eventName: 'Transfer', logs: receipt.logs });
      const input = transaction.input;
      return {
        hash: transaction.hash,
        nonce: transaction.nonce,
        blockTimeS: block.timestamp,
        to: transaction.to === null ? null : lower(transaction.to),
        input,
        valueWei: transaction.value,
        succeeded: receipt.status === 'success',
        feeWei: receipt.gasUsed * receipt.effectiveGasPrice,
        marker: size(input) > 4 && (size(input) - 4) % 32 === 1 ? (splitMarker(input)?.marker ?? null) : null,
        minted: transfers
          .filter(({ args }) => args.from === zeroAddress && lower(args.to) === world.wallet)
          .map(({ args }) => args.tokenId),
      };
    }),
  );
}

/** A block that was counted may be replaced before it is read. */
function onceMore<T>(read: () => Promise<T>): Promise<T> {
  return read().catch(read).catch(read);
}

async function worthOf(world: ChaosWorld, nfts: readonly bigint[], sqrtPriceX96: bigint): Promise<bigint> {
  const { positionManager } = world.chain.addresses;
  const now = (await lookAt(world, nfts[0] ?? 0n)).pool.sqrtPriceX96;
  const [held0, held1] = await Promise.all(
    tokens.map((address) =>
      world.client.readContract({ address, abi: tokenAbi, functionName: 'balanceOf', args: [world.wallet] }),
    ),
  );
  let worth = valueUsdE6({ amount0: held0 ?? 0n, amount1: held1 ?? 0n, sqrtPriceX96, stable: 0 });
  for (const tokenId of nfts) {
    const read = { address: positionManager, abi: positionManagerAbi, args: [tokenId] } as const;
    const [, , , , , tickLower, tickUpper, liquidity, , , owed0, owed1] = await world.client.readContract({
      ...read,
      functionName: 'positions',
    });
    const inside = amountsForLiquidityRoundingDown({ tickLower, tickUpper, liquidity, sqrtPriceX96: now });
    worth += valueUsdE6({ amount0: inside.amount0 + owed0, amount1: inside.amount1 + owed1, sqrtPriceX96, stable: 0 });
  }
  return worth;
}

function allowances(world: ChaosWorld): Promise<bigint[]> {
  const { swapRouter, positionManager } = world.chain.addresses;
  const pairs = [swapRouter, positionManager].flatMap((spender) => tokens.map((address) => ({ address, spender })));
  return Promise.all(
    pairs.map(({ address, spender }) =>
      world.client.readContract({ address, abi: tokenAbi, functionName: 'allowance', args: [world.wallet, spender] }),
    ),
  );
}
