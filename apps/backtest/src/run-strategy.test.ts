import {
  amountsForLiquidityRoundingDown,
  amountsForLiquidityRoundingUp,
} from '@rangeward/uniswap-v3/liquidity-amounts';
import { valueUsdE6 } from '@rangeward/uniswap-v3/price';
import { pricePathFeesRoundingDown } from '@rangeward/uniswap-v3/price-path-fees';
import { getSqrtRatioAtTick } from '@rangeward/uniswap-v3/tick-math';
import { describe, expect, it } from 'vitest';
import { marketOverTicks } from '../test/market-over-ticks.ts';
import { ownDefaults, sampleOptions } from '../test/sample-run.ts';
import { ownStrategy } from './own-strategy.ts';
import { fixedWidth, holdRange, tauReset } from './plain-strategies.ts';
import { runStrategy } from './run-strategy.ts';
import { createSimulatedMarket } from './simulated-market.ts';
import { holdStill, type Strategy } from './strategy.ts';

const START_S = 1_700_000_400;
const POOL = 10n ** 20n;

const marketOver = (ticks: readonly number[]) => marketOverTicks(ticks, { startS: START_S, liquidity: POOL });

const RANGE = { tickLower: 195_000, tickUpper: 197_000 };
const still: Strategy = {
  ...{ name: 'still', about: 'never moves', everyS: null, breach: null },
  start: () => RANGE,
  decide: () => holdStill('it never moves'),
};

describe('a position that a person can reckon', () => {
  const ticks = [196_000, 196_000, 196_400, 195_800];
  const market = marketOver(ticks);
  const outcome = runStrategy(market, still, sampleOptions(market, 60));
  const [deposit, increase] = outcome.entries;

  it('begins with half in each token and mints what the range takes', () => {
    expect(deposit).toMatchObject({ kind: 'deposit', amount0: 5_000_000_000n });
    // The range lies evenly around the tick, so there is nothing to sell.
    expect(outcome.entries).toHaveLength(2);
    const { liquidity } = increase?.kind === 'increase' ? increase : { liquidity: 0n };
    const took = amountsForLiquidityRoundingUp({ ...RANGE, liquidity, sqrtPriceX96: getSqrtRatioAtTick(196_000) });
    expect(increase).toMatchObject(took);
  });

  it('has the fees of its price path, the price, and the loss of the formula, and they add up', () => {
    const { liquidity } = increase?.kind === 'increase' ? increase : { liquidity: 0n };
    const end = getSqrtRatioAtTick(195_800);
    const path = [196_000, 196_400, 195_800].map((tick) => getSqrtRatioAtTick(tick));
    const earned = { ...RANGE, feePips: 500, feeProtocol: 0, liquidity, sqrtPricesX96: path };
    const fees = Number(valueUsdE6({ ...pricePathFeesRoundingDown(earned), sqrtPriceX96: end, stable: 0 }));
    expect(outcome.parts.feesUsdE6 / fees).toBeCloseTo(1, 4);
    const hodlEnd = Number(valueUsdE6({ amount0: 0n, amount1: 0n, ...deposit, sqrtPriceX96: end, stable: 0 }));
    expect(outcome.hodlUsdE6).toBe(hodlEnd);
    expect(Math.abs(outcome.parts.priceUsdE6 - (hodlEnd - outcome.capitalUsdE6))).toBeLessThanOrEqual(1);
    const principal = amountsForLiquidityRoundingDown({ ...RANGE, liquidity, sqrtPriceX96: end });
    const [now, held] = [principal, increase].map((of) =>
      Number(valueUsdE6({ amount0: 0n, amount1: 0n, ...of, sqrtPriceX96: end, stable: 0 })),
    );
    expect(Math.abs(outcome.parts.ilUnrealisedUsdE6 - ((now ?? 0) - (held ?? 0)))).toBeLessThanOrEqual(2);
    expect(outcome.parts.gasUsdE6).toBe(0);
    expect(Object.values(outcome.parts).reduce((sum, part) => sum + part, 0)).toBe(outcome.changeUsdE6);
  });

  it('is worth at the end what the last point of the series says', () => {
    expect(outcome.points.at(-1)?.valueUsdE6).toBe(outcome.valueUsdE6);
    expect(outcome.inRangeShare).toBe(1);
  });
});

describe('the simulated executor', () => {
  it('carries a move out after the latency, and not at all when the price ran away', () => {
    const ticks = [196_000, 196_000, 196_600, 196_640, 196_640, 196_640];
    const eager = { ...tauReset(200), everyS: null };
    const market = marketOver(ticks);
    const late = runStrategy(market, eager, sampleOptions(market, 60, { latencyS: 60 }));
    const [first] = late.decided;
    expect(first).toMatchObject({ trigger: 'price-breach', kind: 'rebalance', tick: 196_600, atS: START_S + 120 });
    expect(first?.execution).toMatchObject({ kind: 'done', atS: START_S + 180 });
    const gasUsdE6 = first?.execution?.kind === 'done' ? first.execution.gasUsdE6 : 0;
    expect(late.parts.gasUsdE6).toBeLessThan(0);
    expect(Math.abs(late.parts.gasUsdE6 + gasUsdE6)).toBeLessThanOrEqual(1);
    const runaway = marketOver([196_000, 196_000, 196_600, 196_801]);
    const refused = runStrategy(runaway, eager, sampleOptions(runaway, 60, { latencyS: 60 }));
    expect(refused.decided[0]?.execution).toMatchObject({ kind: 'refused', reason: expect.stringContaining('201') });
    expect(refused).toMatchObject({ refused: 1, rebalances: 0 });
    expect(refused.parts.gasUsdE6).toBe(0);
  });
});

describe('a day of the seeded market', () => {
  const options = { regime: 'volatile', seed: 9, days: 1, warmUpS: 7200 } as const;
  const market = createSimulatedMarket(options);
  const strategies = () => [ownStrategy(ownDefaults()), tauReset(100), fixedWidth(150), holdRange(300)];
  const run = (of = market) => strategies().map((one) => runStrategy(of, one, sampleOptions(of, 7200)));
  const outcomes = run();

  it('adds up for every strategy to the last unit, in dollars and in tokens', () => {
    for (const { parts, changeUsdE6, attribution, rebalances, strategy } of outcomes) {
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(changeUsdE6);
      const { deposited, feesCollected, swapped, fromLiquidity, idle, principal, owed } = attribution.tokens;
      for (const token of ['amount0', 'amount1'] as const) {
        const came = deposited[token] + feesCollected[token] + swapped[token] + fromLiquidity[token];
        expect(came).toBe(idle[token] + principal[token] + owed[token]);
      }
      if (strategy === 'tau-reset') expect(rebalances).toBeGreaterThan(2);
    }
  });

  it('comes out the same for the same seed, bit for bit', () => {
    const text = (of: typeof outcomes) =>
      JSON.stringify(of, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
    expect(text(run(createSimulatedMarket(options)))).toBe(text(outcomes));
  });

  it('has both token orders in agreement on what holding brought', () => {
    const mirrored = createSimulatedMarket({ ...options, stable: 1 });
    const [ours, theirs] = [market, mirrored].map((one) => runStrategy(one, holdRange(300), sampleOptions(one, 7200)));
    const off = Math.abs((ours?.parts.priceUsdE6 ?? 0) - (theirs?.parts.priceUsdE6 ?? 0));
    expect(off / 10_000_000_000).toBeLessThan(2e-4);
    expect((theirs?.parts.feesUsdE6 ?? 0) / (ours?.parts.feesUsdE6 ?? 1)).toBeCloseTo(1, 1);
  });
});
