import type { EventData, Market, Run, recommendation } from '@rangeward/contracts';
import { amountsForLiquidityRoundingDown } from '@rangeward/uniswap-v3/liquidity-amounts';
import {
  sqrtPriceX96FromStablePerVolatile,
  stablePerVolatileAtTick,
  tickFromStablePerVolatile,
  valueUsdE6,
} from '@rangeward/uniswap-v3/price';

/** Well-formed recommendations for the tests of this service: a USDC/WETH position in either token order. */

export type Recommendation = EventData<typeof recommendation>;

export type Sample = {
  readonly stable: 0 | 1;
  readonly priceUsd: number;
  readonly mode: Run['mode'];
  /** Ticks from the pool's tick (on the grid) to the position's bounds. */
  readonly position: readonly [number, number];
  /** Likewise to the recommended bounds. */
  readonly range: readonly [number, number];
  readonly liquidity: bigint;
  readonly poolLiquidity: bigint;
  readonly volumePerDayUsd: number | null;
  readonly volatilityAnnual: number;
  readonly feesUsd: number;
  readonly baseFeeGwei: number;
  readonly twapOffset: number | null;
  readonly feedComplete: boolean;
};

/** A position whose price has left it upwards; moving it pays many times over. */
const ready: Sample = {
  stable: 0,
  priceUsd: 3000,
  mode: 'live',
  position: [-1000, -200],
  range: [-200, 200],
  liquidity: 10n ** 16n,
  poolLiquidity: 10n ** 19n,
  volumePerDayUsd: 400_000_000,
  volatilityAnnual: 0.3,
  feesUsd: 5,
  baseFeeGwei: 1,
  twapOffset: 3,
  feedComplete: true,
};

export const recommendedAt = '2026-01-05T00:00:02.000Z';

export function sampleRecommendation(given: Partial<Sample> = {}): Recommendation {
  const sample = { ...ready, ...given };
  const { stable } = sample;
  const decimals = stable === 0 ? { decimals0: 6, decimals1: 18 } : { decimals0: 18, decimals1: 6 };
  const tick = tickFromStablePerVolatile({ price: sample.priceUsd, stable, ...decimals });
  const grid = Math.floor(tick / 10) * 10;
  const [tickLower, tickUpper] = sample.range.map((offset) => grid + offset) as [number, number];
  const usdE6At = (at: number) => Math.round(stablePerVolatileAtTick({ tick: at, stable, ...decimals }) * 1e6);
  const ends = [usdE6At(tickLower), usdE6At(tickUpper)];
  const centerLog = Math.log(sample.priceUsd);
  const priceUsdE6 = Math.round(sample.priceUsd * 1e6);
  return {
    run: sampleRun(sample.mode),
    market: sampleMarket(sample, { tick, grid, decimals }),
    prior: {
      centerLog,
      sigmaLog: 0.01,
      centerUsdE6: priceUsdE6,
      source: 'vwap',
      windowBlocks: 100,
      blocksWithTrades: 50,
      volumeUsdE6: 1e12,
      widening: 1,
    },
    likelihood: {
      centerLog,
      sigmaLog: 0.01,
      degreesOfFreedom: 8,
      candles: 288,
      volatilityAnnual: sample.volatilityAnnual,
    },
    posterior: { centerUsdE6: priceUsdE6, centerLog, sigmaLog: 0.01, horizonS: 3600 },
    range: {
      tickLower,
      tickUpper,
      coverage: 0.9,
      mass: 0.91,
      lowerUsdE6: Math.min(...ends),
      upperUsdE6: Math.max(...ends),
    },
    feedComplete: sample.feedComplete,
    ...(sample.volumePerDayUsd === null ? {} : { volumePerDayUsdE6: sample.volumePerDayUsd * 1e6 }),
  };
}

function sampleRun(mode: Run['mode']): Run {
  return {
    id: '0198c0de0000700080000000000000aa',
    trigger: 'scheduled',
    chain: 'ethereum',
    pool: `0x${'88'.repeat(20)}`,
    position: 'main',
    tokenId: 7n,
    mode,
    startedAt: '2026-01-05T00:00:00.000Z',
    deadline: '2026-01-05T00:05:00.000Z',
  };
}

type Place = {
  readonly tick: number;
  readonly grid: number;
  readonly decimals: { decimals0: number; decimals1: number };
};

function sampleMarket(sample: Sample, { tick, grid, decimals }: Place): Market {
  const { stable } = sample;
  const sqrtPriceX96 = sqrtPriceX96FromStablePerVolatile({ price: sample.priceUsd, stable, ...decimals });
  const [tickLower, tickUpper] = sample.position.map((offset) => grid + offset) as [number, number];
  const amounts = amountsForLiquidityRoundingDown({ tickLower, tickUpper, sqrtPriceX96, liquidity: sample.liquidity });
  const feesUsdE6 = Math.round(sample.feesUsd * 1e6);
  const usdc = { address: `0x${'a0'.repeat(20)}`, symbol: 'USDC', decimals: 6 };
  const weth = { address: `0x${'c0'.repeat(20)}`, symbol: 'WETH', decimals: 18 };
  return {
    block: { number: 200, hash: `0x${'1'.repeat(64)}`, time: '2026-01-04T23:59:59.000Z' },
    pool: {
      address: `0x${'88'.repeat(20)}`,
      feePips: 500,
      tickSpacing: 10,
      token0: stable === 0 ? usdc : weth,
      token1: stable === 0 ? weth : usdc,
      stable,
      sqrtPriceX96,
      tick,
      twapTick: sample.twapOffset === null ? null : tick + sample.twapOffset,
      twapWindowS: sample.twapOffset === null ? 0 : 60,
      liquidity: sample.poolLiquidity,
      feeProtocol0: 4,
      feeProtocol1: 4,
      feeGrowthGlobal0X128: 0n,
      feeGrowthGlobal1X128: 0n,
      priceUsdE6: Math.round(sample.priceUsd * 1e6),
    },
    position: {
      id: 'main',
      tokenId: 7n,
      owner: `0x${'01'.repeat(20)}`,
      tickLower,
      tickUpper,
      liquidity: sample.liquidity,
      ...amounts,
      fees0: stable === 0 ? BigInt(feesUsdE6) : 0n,
      fees1: stable === 0 ? 0n : BigInt(feesUsdE6),
      inRange: tickLower <= tick && tick < tickUpper,
      valueUsdE6: Number(valueUsdE6({ ...amounts, sqrtPriceX96, stable })) + feesUsdE6,
      feesUsdE6,
      entry: null,
      hodlUsdE6: null,
    },
    gas: { baseFeeWei: BigInt(Math.round(sample.baseFeeGwei * 1e9)), priorityFeeWei: 10n ** 8n, l1FeeWei: 0n },
    nativePriceUsdE6: Math.round(sample.priceUsd * 1e6),
  };
}
