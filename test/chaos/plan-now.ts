import { GAS_BUDGET, reserveBudget } from '@rangeward/adapter-redis/budgets';
import type { EventData, Market, Plan, recommendation } from '@rangeward/contracts';
import { decisionSettings } from '@rangeward/decision/config';
import { makePlan } from '@rangeward/decision/make-plan';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6, volatilePriceUsdE6 } from '@rangeward/uniswap-v3/price';
import { nearestOnGrid } from '@rangeward/uniswap-v3/tick-grid';
import type { ChaosWorld } from './chaos-world.ts';
import { lookAt, type ManagedPosition, pool, tokens } from './managed-position.ts';

export type PlanWish = {
  readonly kind: 'rebalance' | 'rebalance-without-swap' | 'collect' | 'exit';
  /** 32 hex digits. */
  readonly runId: string;
  readonly ttlS?: number;
};

export const gasBudget = { budget: GAS_BUDGET, scope: 'live', windowMs: 86_400_000, limit: 2_000_000_000 } as const;
const maxGasUsdE6 = 40_000_000;

/** What decision would plan for a position now, made by decision's own hands and reserved in the books as it does. */
export async function planNow(world: ChaosWorld, position: ManagedPosition, wish: PlanWish): Promise<Plan> {
  const state = await lookAt(world, position.tokenId);
  if (state.position === null) throw new Error(`there is no NFT ${position.tokenId}`);
  const nowMs = Date.now();
  const decision = decisionSettings.parse({});
  const market = marketOf(state, state.position, position, world.wallet);
  const centre = nearestOnGrid(state.pool.tick, 10);
  const around = { tickLower: centre - 100, tickUpper: centre + 100 };
  // What is held of one token alone fits a range that the price must still come to.
  const above = { tickLower: centre + 20, tickUpper: centre + 220 };
  const below = { tickLower: centre - 220, tickUpper: centre - 20 };
  const beside = state.pool.tick >= state.position.tickUpper ? below : above;
  const range = wish.kind === 'rebalance' ? around : wish.kind === 'rebalance-without-swap' ? beside : null;
  const run = {
    id: wish.runId,
    trigger: 'manual' as const,
    chain: 'local',
    pool,
    position: position.id,
    tokenId: position.tokenId,
    mode: 'live' as const,
    startedAt: new Date(nowMs).toISOString(),
    deadline: new Date(nowMs + 120_000).toISOString(),
  };
  const plan = makePlan(
    {
      option: { kind: wish.kind, range },
      // A plan takes nothing else from it.
      recommendation: { run, market } as EventData<typeof recommendation>,
      chainId: 31337,
      issuedAtMs: nowMs,
      maxGasUsdE6,
      reservationId: `chaos-${wish.runId}`,
    },
    { ...decision, plan: { ...decision.plan, ttlS: wish.ttlS ?? 100 } },
  );
  const granted = await reserveBudget(world.redis, {
    reservationId: plan.reservationId,
    nowMs,
    lines: [{ ...gasBudget, amount: maxGasUsdE6 }],
  });
  if (!granted.ok) throw new Error('the chaos budget is used up');
  return plan;
}

type State = Awaited<ReturnType<typeof lookAt>>;

function marketOf(
  state: State,
  nft: NonNullable<State['position']>,
  { id, tokenId }: ManagedPosition,
  owner: string,
): Market {
  const { sqrtPriceX96, tick, liquidity, twapTick } = state.pool;
  const amounts = amountsForLiquidityRoundingDown({ ...nft, sqrtPriceX96 });
  const priceUsdE6 = Number(volatilePriceUsdE6({ sqrtPriceX96, stable: 0, decimalsVolatile: 18 }));
  const value = Number(valueUsdE6({ ...amounts, sqrtPriceX96, stable: 0 }));
  return {
    block: {
      number: state.block.number,
      hash: `0x${'00'.repeat(32)}`,
      time: new Date(Number(state.block.timestampS) * 1000).toISOString(),
    },
    pool: {
      address: pool,
      feePips: 500,
      tickSpacing: 10,
      token0: { address: tokens[0], symbol: 'USDC', decimals: 6 },
      token1: { address: tokens[1], symbol: 'WETH', decimals: 18 },
      stable: 0,
      sqrtPriceX96,
      tick,
      twapTick,
      twapWindowS: 600,
      liquidity,
      feeProtocol0: 0,
      feeProtocol1: 0,
      feeGrowthGlobal0X128: 0n,
      feeGrowthGlobal1X128: 0n,
      priceUsdE6,
    },
    position: {
      id,
      tokenId,
      owner,
      tickLower: nft.tickLower,
      tickUpper: nft.tickUpper,
      liquidity: nft.liquidity,
      ...amounts,
      fees0: 0n,
      fees1: 0n,
      inRange: tick >= nft.tickLower && tick < nft.tickUpper,
      valueUsdE6: value,
      feesUsdE6: 0,
      entry: null,
      hodlUsdE6: null,
    },
    gas: { baseFeeWei: state.block.baseFeeWei, priorityFeeWei: state.priorityFeeWei, l1FeeWei: 0n },
    nativePriceUsdE6: priceUsdE6,
  };
}
