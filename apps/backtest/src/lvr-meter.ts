import type { TickRange } from '@rangeward/uniswap-v3/tick-grid';

/** How far apart the prices are that the loss is summed over: the pool's bouncing within a minute is no news. */
const LVR_SAMPLE_S = 60;

/**
 * Loss against rebalancing: what an owner who trades the position's own amounts at an outside price, minute by minute, has
 * more than the position. Sum of P (x_before - x_after) + (y_before - y_after) in token1, never negative at the outside
 * price itself; valued in dollars as it comes up. Floating point: a statistic, no money moves by it.
 */
export type LvrMeter = {
  begin(range: TickRange, liquidity: number, sqrtPrice: number, timeS: number): void;
  /** Does nothing before the next sample is due. Prices are square roots of token1/token0 in raw units. */
  sample(sqrtPrice: number, outsideSqrtPrice: number, timeS: number): void;
  end(sqrtPrice: number, outsideSqrtPrice: number): void;
  totalUsdE6(): number;
};

export function createLvrMeter(stable: 0 | 1): LvrMeter {
  let total = 0;
  let liquidity = 0;
  let low = 0;
  let high = 0;
  let before = 0;
  let dueS = 0;

  function step(sqrtPrice: number, outsideSqrtPrice: number): void {
    const now = Math.min(high, Math.max(low, sqrtPrice));
    if (now === before) return;
    const outside = outsideSqrtPrice * outsideSqrtPrice;
    const inToken1 = liquidity * (outside * (1 / before - 1 / now) + (before - now));
    total += stable === 1 ? inToken1 : inToken1 / outside;
    before = now;
  }

  return {
    begin(range, units, sqrtPrice, timeS) {
      liquidity = units;
      low = 1.0001 ** (range.tickLower / 2);
      high = 1.0001 ** (range.tickUpper / 2);
      before = Math.min(high, Math.max(low, sqrtPrice));
      dueS = timeS + LVR_SAMPLE_S;
    },
    sample(sqrtPrice, outsideSqrtPrice, timeS) {
      if (liquidity === 0 || timeS < dueS) return;
      dueS = timeS + LVR_SAMPLE_S;
      step(sqrtPrice, outsideSqrtPrice);
    },
    end(sqrtPrice, outsideSqrtPrice) {
      if (liquidity !== 0) step(sqrtPrice, outsideSqrtPrice);
      liquidity = 0;
    },
    totalUsdE6: () => total,
  };
}
