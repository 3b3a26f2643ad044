import { type Plan, planIdOf } from '@rangeward/contracts';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';

/** Parts of a plan that tests vary. */
type SampleOptions = {
  readonly tick?: number;
  readonly tickLower?: number;
  readonly tickUpper?: number;
  readonly liquidity?: bigint;
  readonly target?: Plan['target'];
  readonly stable?: 0 | 1;
  readonly change?: (plan: Omit<Plan, 'planId'>) => Omit<Plan, 'planId'>;
};

export const sampleWallet = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const weth = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';

const run: Plan['run'] = {
  id: '0190'.repeat(8),
  trigger: 'price-breach',
  chain: 'local',
  pool: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
  position: 'main',
  tokenId: 7n,
  mode: 'live',
  startedAt: '2026-01-05T00:00:00.000Z',
  deadline: '2026-01-05T00:05:00.000Z',
};

const limits = { maxSlippageBps: 50, maxTickDeviation: 60, deadlineS: 300, maxGasUsdE6: 20_000_000 };

/** A well-formed plan for tests: a position below the price moves around it, unless told otherwise. */
export function samplePlan(options: SampleOptions = {}): Plan {
  const tick = options.tick ?? 196_250;
  const range = { tickLower: options.tickLower ?? 195_000, tickUpper: options.tickUpper ?? 196_000 };
  const liquidity = options.liquidity ?? 10n ** 17n;
  const nft = { id: 'main', tokenId: 7n, owner: sampleWallet, ...range, liquidity };
  const target = options.target === undefined ? { tickLower: 195_750, tickUpper: 196_750 } : options.target;
  const plan: Omit<Plan, 'planId'> = {
    run,
    kind: target === null ? 'collect' : 'rebalance',
    chainId: 31337,
    issuedAt: '2026-01-05T00:00:01.000Z',
    validUntil: '2026-01-05T00:02:00.000Z',
    position: nft,
    market: sampleMarket(nft, tick, options.stable ?? 0),
    target,
    expectedGas: { units: target === null ? 200_000 : 1_150_000, l1FeeWei: 0n },
    limits,
    reservationId: 'reservation-1',
  };
  const changed = options.change?.(plan) ?? plan;
  return { planId: planIdOf(changed), ...changed };
}

function sampleMarket(nft: Plan['position'], tick: number, stable: 0 | 1): Plan['market'] {
  const sqrtPriceX96 = getSqrtRatioAtTick(tick);
  return {
    block: { number: 100, hash: `0x${'ab'.repeat(32)}`, time: '2026-01-05T00:00:00.000Z' },
    pool: {
      address: run.pool,
      feePips: 500,
      tickSpacing: 10,
      token0: { address: usdc, symbol: 'USDC', decimals: 6 },
      token1: { address: weth, symbol: 'WETH', decimals: 18 },
      stable,
      sqrtPriceX96,
      tick,
      twapTick: tick,
      twapWindowS: 600,
      liquidity: 12n * 10n ** 18n,
      feeProtocol0: 0,
      feeProtocol1: 0,
      feeGrowthGlobal0X128: 0n,
      feeGrowthGlobal1X128: 0n,
      priceUsdE6: 3_000_000_000,
    },
    position: {
      ...nft,
      ...amountsForLiquidityRoundingDown({ ...nft, sqrtPriceX96 }),
      fees0: 0n,
      fees1: 0n,
      inRange: tick >= nft.tickLower && tick < nft.tickUpper,
      valueUsdE6: 1_000_000_000,
      feesUsdE6: 0,
      entry: null,
      hodlUsdE6: null,
    },
    gas: { baseFeeWei: 10n ** 9n, priorityFeeWei: 10n ** 8n, l1FeeWei: 0n },
    nativePriceUsdE6: 3_000_000_000,
  };
}
