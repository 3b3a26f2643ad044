import type { Candle, EventData, Market, marketObserved, TriggerKind } from '@rangeward/contracts';
import { sqrtPriceX96FromStablePerVolatile, tickFromStablePerVolatile } from '@rangeward/uniswap-v3/price';

/** Well-formed events for the tests of this service: a USDC/WETH pool in either token order, at any price. */

export type Observed = EventData<typeof marketObserved>;

type Sample = {
  readonly stable: 0 | 1;
  readonly priceUsd: number;
  readonly tickSpacing: number;
  readonly trigger: TriggerKind;
  readonly closesUsd: readonly number[];
  readonly trades: readonly { readonly priceUsd: number; readonly usd: number }[];
};

const USDC = { address: `0x${'a0'.repeat(20)}`, symbol: 'USDC', decimals: 6 };
const WETH = { address: `0x${'c0'.repeat(20)}`, symbol: 'WETH', decimals: 18 };

export function sampleObserved(given: Partial<Sample> = {}): Observed {
  const sample: Sample = {
    stable: 0,
    priceUsd: 3000,
    tickSpacing: 10,
    trigger: 'scheduled',
    closesUsd: Array.from({ length: 120 }, (_, index) => 3000 * Math.exp(0.0008 * Math.sin(index * 1.7))),
    trades: [
      { priceUsd: 2999, usd: 50_000 },
      { priceUsd: 3001, usd: 50_000 },
    ],
    ...given,
  };
  return {
    run: sampleRun(sample.trigger),
    market: sampleMarket(sample),
    candleSeconds: 300,
    candles: sample.closesUsd.map(sampleCandle),
    vwapWindow: sample.trades.map((trade, index) => ({
      block: 100 + index,
      stable: BigInt(Math.round(trade.usd * 1e6)),
      volatile: BigInt(Math.round((trade.usd / trade.priceUsd) * 1e12)) * 1_000_000n,
    })),
    vwapWindowBlocks: 100,
    realisedAnnual: 0.5,
    normalAnnual: 0.5,
    feedComplete: true,
  };
}

function sampleRun(trigger: TriggerKind): Observed['run'] {
  return {
    id: '0198c0de0000700080000000000000aa',
    trigger,
    chain: 'local',
    pool: `0x${'88'.repeat(20)}`,
    position: 'main',
    tokenId: 7n,
    mode: 'paper',
    startedAt: '2026-01-05T00:00:00.000Z',
    deadline: '2026-01-05T00:05:00.000Z',
  };
}

function sampleCandle(closeUsd: number, index: number): Candle {
  const close = Math.round(closeUsd * 1e6);
  return {
    startS: 1_767_484_800 + index * 300,
    open: close,
    high: close,
    low: close,
    close,
    volumeUsdE6: 1e9,
    swaps: 3,
  };
}

function sampleMarket(sample: Sample): Market {
  const { stable } = sample;
  const decimals = stable === 0 ? { decimals0: 6, decimals1: 18 } : { decimals0: 18, decimals1: 6 };
  const priced = { price: sample.priceUsd, stable, ...decimals };
  const tick = tickFromStablePerVolatile(priced);
  const priceUsdE6 = Math.round(sample.priceUsd * 1e6);
  return {
    block: { number: 200, hash: `0x${'1'.repeat(64)}`, time: '2026-01-05T00:00:00.000Z' },
    pool: {
      address: `0x${'88'.repeat(20)}`,
      feePips: 500,
      tickSpacing: sample.tickSpacing,
      token0: stable === 0 ? USDC : WETH,
      token1: stable === 0 ? WETH : USDC,
      stable,
      sqrtPriceX96: sqrtPriceX96FromStablePerVolatile(priced),
      tick,
      twapTick: tick,
      twapWindowS: 60,
      liquidity: 10n ** 18n,
      feeProtocol0: 0,
      feeProtocol1: 0,
      feeGrowthGlobal0X128: 0n,
      feeGrowthGlobal1X128: 0n,
      priceUsdE6,
    },
    position: {
      id: 'main',
      tokenId: 7n,
      owner: `0x${'01'.repeat(20)}`,
      tickLower: Math.floor(tick / 200) * 200 - 1000,
      tickUpper: Math.floor(tick / 200) * 200 + 1000,
      liquidity: 10n ** 15n,
      amount0: 1n,
      amount1: 1n,
      fees0: 0n,
      fees1: 0n,
      inRange: true,
      valueUsdE6: 10_000_000_000,
      feesUsdE6: 0,
      entry: null,
      hodlUsdE6: null,
    },
    gas: { baseFeeWei: 10n ** 9n, priorityFeeWei: 10n ** 8n, l1FeeWei: 0n },
    nativePriceUsdE6: priceUsdE6,
  };
}
