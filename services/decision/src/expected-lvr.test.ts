import { expect, it } from 'vitest';
import { gaussians } from '../test/gaussians.ts';
import { sampleRecommendation } from '../test/sample-recommendation.ts';
import { expectedLvrUsdE6RoundingUp } from './expected-lvr.ts';
import { amountsPerLiquidity, type PoolInNumbers, poolInNumbers, rootAtTick } from './pool-in-numbers.ts';

const unitPool: PoolInNumbers = { root: 1, tick: 0, token0UsdE6: 1, token1UsdE6: 1, priceUsd: 1 };
const YEAR_S = 365 * 86_400;

/** What a hedger gains against the pool: sum of x * change of price, less the change of the position's value; in token1. */
function simulatedLvr(range: { tickLower: number; tickUpper: number }, volatility: number, horizonS: number) {
  const next = gaussians(11);
  const [paths, steps] = [400, 500];
  const step = volatility * Math.sqrt(horizonS / YEAR_S / steps);
  let lost = 0;
  let within = 0;
  for (let path = 0; path < paths; path++) {
    let price = 1;
    let held = amountsPerLiquidity(unitPool, range);
    for (let at = 0; at < steps; at++) {
      const after = price * Math.exp(step * next() - (step * step) / 2);
      const root = Math.sqrt(after);
      const now = amountsPerLiquidity({ ...unitPool, root }, range);
      lost +=
        held.amount0 * (after - price) - (now.amount0 * after + now.amount1 - held.amount0 * price - held.amount1);
      if (root >= rootAtTick(range.tickLower) && root < rootAtTick(range.tickUpper)) within += 1;
      price = after;
      held = now;
    }
  }
  return { lost: lost / paths, timeInRange: within / paths / steps };
}

it.each([
  ['a narrow range', { tickLower: -200, tickUpper: 200 }, 86_400],
  ['a wide range', { tickLower: -3000, tickUpper: 3000 }, 604_800],
  ['a range beside the price', { tickLower: 10, tickUpper: 500 }, 86_400],
])('the loss against rebalancing of %s is what a hedger would gain', (_, range, horizonS) => {
  const liquidity = 1e9;
  const { lost, timeInRange } = simulatedLvr(range, 0.7, horizonS);
  const expected = expectedLvrUsdE6RoundingUp({
    pool: unitPool,
    ...{ range, liquidity, volatilityAnnual: 0.7, timeInRange, horizonS, weight: 1 },
  });
  expect(expected / (lost * liquidity)).toBeGreaterThan(0.95);
  expect(expected / (lost * liquidity)).toBeLessThan(1.05);
});

it('is the same in dollars whichever token is the dollar, and rounds up', () => {
  const [a, b] = ([0, 1] as const).map((stable) => {
    const { market } = sampleRecommendation({ stable });
    const pool = poolInNumbers(market.pool);
    const range = { tickLower: Math.floor(pool.tick) - 100, tickUpper: Math.floor(pool.tick) + 100 };
    const rest = { volatilityAnnual: 0.5, timeInRange: 0.5, horizonS: 86_400, weight: 1 };
    return expectedLvrUsdE6RoundingUp({ pool, range, liquidity: 1e16, ...rest });
  });
  expect((a ?? 0) / (b ?? 1)).toBeCloseTo(1, 5);
  const little = { volatilityAnnual: 1e-6, timeInRange: 1e-6, horizonS: 600, weight: 1 };
  expect(
    expectedLvrUsdE6RoundingUp({ pool: unitPool, range: { tickLower: -1, tickUpper: 1 }, liquidity: 1, ...little }),
  ).toBe(1);
  const counted = { volatilityAnnual: 1, timeInRange: 1, horizonS: 31_536_000, weight: 0.25 };
  expect(
    expectedLvrUsdE6RoundingUp({ pool: unitPool, range: { tickLower: -1, tickUpper: 1 }, liquidity: 1600, ...counted }),
  ).toBe(100);
});
