import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import type { Market } from '../src/market.ts';
import { usdcWethTerms } from '../src/pool-terms.ts';
import { createPricePathMarket } from '../src/price-path-market.ts';
import { appendTrade, createColumns } from '../src/trade-columns.ts';

/** One swap a minute to each of these ticks; the dollar is token0, so a rising tick is a falling price. Gas is one gwei. */
export function marketOverTicks(
  ticks: readonly number[],
  of: { readonly startS: number; readonly liquidity: bigint; readonly feeProtocol?: number },
): Market {
  const terms = { ...usdcWethTerms({ stable: 0 }), feeProtocol: of.feeProtocol ?? 0 };
  const columns = createColumns(ticks.length);
  const sqrtPricesX96 = ticks.map(getSqrtRatioAtTick);
  for (const [at, tick] of ticks.entries()) {
    const sqrtPriceX96 = sqrtPricesX96[at] ?? 0n;
    const row = { timeS: of.startS + at * 60, block: 100 + at * 5, tick, sqrtPriceX96, amount0: 1n, amount1: -1n };
    appendTrade(columns, terms, row);
  }
  const liquidity = new Float64Array(ticks.length).fill(Number(of.liquidity));
  const gas = { about: 'one gwei', baseFeeWei: () => 10n ** 9n, priorityFeeWei: 0n, l1FeeWei: 0n };
  const path = { columns, liquidity, sqrtPricesX96 };
  return createPricePathMarket({ about: 'a path', method: 'price path', terms, gas, path });
}
