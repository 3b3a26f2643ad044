import { type Plan, planIdOf, type TradeExecuted } from '@rangeward/contracts';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import type { Address, Hex } from 'viem';
import type { Evidence, PlanEvidence, SentTransaction, WalletEvidence } from '../src/evidence.ts';

/** A rebalance that went well, as broker, Redis and chain show it; tests change one thing of it. */

const owner: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const manager: Address = '0xc36442b4a4522e871399cd717abdd847ab11fe88';
const router: Address = '0xe592427a0aece92de3edee1f18e0157c05861564';
const usdc: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const weth: Address = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const pool = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
export const NOW_MS = Date.parse('2026-01-05T01:00:00.000Z');

const run: Plan['run'] = {
  ...{ id: '0190'.repeat(8), trigger: 'scheduled', chain: 'local', pool, position: 'main', tokenId: 7n, mode: 'live' },
  ...{ startedAt: '2026-01-05T00:00:00.000Z', deadline: '2026-01-05T00:05:00.000Z' },
};

function aPlan(): Plan {
  const range = { tickLower: 195_000, tickUpper: 196_000 };
  const nft = { id: 'main', tokenId: 7n, owner, ...range, liquidity: 10n ** 17n };
  const token = (address: Address, symbol: string, decimals: number) => ({ address, symbol, decimals });
  const zeros = { feeProtocol0: 0, feeProtocol1: 0, feeGrowthGlobal0X128: 0n, feeGrowthGlobal1X128: 0n };
  const plan: Omit<Plan, 'planId'> = {
    run,
    kind: 'rebalance',
    chainId: 31337,
    issuedAt: '2026-01-05T00:00:01.000Z',
    validUntil: '2026-01-05T00:02:00.000Z',
    position: nft,
    market: {
      block: { number: 100, hash: `0x${'ab'.repeat(32)}`, time: '2026-01-05T00:00:00.000Z' },
      pool: {
        ...{ address: pool, feePips: 500, tickSpacing: 10, stable: 0 as const, tick: 196_250, twapTick: 196_250 },
        ...{ token0: token(usdc, 'USDC', 6), token1: token(weth, 'WETH', 18), twapWindowS: 600, liquidity: 1n },
        ...{ sqrtPriceX96: getSqrtRatioAtTick(196_250), priceUsdE6: 3_000_000_000, ...zeros },
      },
      position: {
        ...{ ...nft, amount0: 0n, amount1: 0n, fees0: 0n, fees1: 0n, inRange: false },
        ...{ valueUsdE6: 1_000_000_000, feesUsdE6: 0, entry: null, hodlUsdE6: null },
      },
      gas: { baseFeeWei: 1n, priorityFeeWei: 1n, l1FeeWei: 0n },
      nativePriceUsdE6: 3_000_000_000,
    },
    target: { tickLower: 195_750, tickUpper: 196_750 },
    limits: { maxSlippageBps: 50, maxTickDeviation: 60, deadlineS: 300, maxGasUsdE6: 20_000_000 },
    reservationId: 'reservation-1',
  };
  return { planId: planIdOf(plan), ...plan };
}

const plan = aPlan();
const hashOf = (step: number): Hex => `0x${String(step).repeat(64)}`;

const steps = [
  { name: 'withdraw', number: 0, to: manager, input: '0xac9650d8' },
  { name: 'approve-router', number: 1, to: weth, input: '0x095ea7b3' },
  { name: 'swap', number: 2, to: router, input: '0x414bf389' },
  { name: 'mint', number: 5, to: manager, input: '0x88316456' },
] as const;
const GAS_WEI = 1_000n;

const transactions: SentTransaction[] = steps.map(({ number, to, input }, nonce) => ({
  ...{ hash: hashOf(number), from: owner, to, nonce, input, succeeded: true, valueWei: 0n, feeWei: GAS_WEI },
  minted: number === 5 ? 1 : 0,
  marker: to === weth ? null : { planId: plan.planId, step: number },
}));

export const trade: TradeExecuted = {
  ...{ planId: plan.planId, run, mode: 'live', kind: 'rebalance', outcome: 'confirmed', reason: 'done', checks: [] },
  transactions: steps.map(({ name, number }, nonce) => ({
    ...{ step: name, hash: hashOf(number), nonce, block: 101, gasUsed: 1n, effectiveGasPriceWei: GAS_WEI },
    status: 'success' as const,
  })),
  ...{ tokenIdBefore: 7n, tokenIdAfter: 8n, tickLower: 195_750, tickUpper: 196_750, liquidityAfter: 1n },
  withdrawn: { amount0: 0n, amount1: 2n * 10n ** 18n },
  fees: { amount0: 5n, amount1: 0n },
  // A thousandth less than the price says: the pool's fee and some impact.
  swap: { zeroForOne: false, amountIn: 10n ** 18n, amountOut: 2_997_000_000n },
  minted: { amount0: 2_997_000_000n, amount1: 9n * 10n ** 17n },
  leftover: { amount0: 5n, amount1: 10n ** 17n },
  ...{ gasUsed: 4n, gasWei: 4n * GAS_WEI, gasUsdE6: 12, feesUsdE6: 0, swapCostUsdE6: 1 },
  ...{ valueBeforeUsdE6: 6_000_000_000, valueAfterUsdE6: 5_997_000_000 },
};

export const planEvidence: PlanEvidence = {
  ...{ plan, trades: [trade], deadLetters: 0, proposed: false, gasHeldUsdE6: 0, gasSpentUsdE6: 12 },
  record: {
    ...{ status: 'done', halted: false },
    steps: steps.map(({ name, number }, nonce) => ({ name, nonce, settled: true, hashes: [hashOf(number)] })),
  },
};

export const wallet: WalletEvidence = {
  ...{ chain: 'local', chainId: 31337, wallet: owner, nonce: 4, floor: 4, transactions },
  allowed: { positionManager: manager, swapRouter: router },
  allowances: [{ token: weth, spender: router, amount: 0n }],
};

export const evidence: Evidence = {
  ...{ nowMs: NOW_MS, sinceMs: 0, plans: [planEvidence], wallets: [wallet] },
  budgets: [{ budget: 'gas-usd-e6', scope: 'live', drawn: 12, limit: 50_000_000 }],
  errors: { saidByAlerts: 0, mostHops: 0 },
};
