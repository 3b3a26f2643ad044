import { stablePerVolatileAtTick } from '@rangeward/uniswap-v3/price';
import type { Backtest } from './run-backtest.ts';
import type { Decided } from './run-strategy.ts';
import type { Outcome } from './sum-up.ts';

/** A decision as a reader of the report needs it: every gate, every option, and the view in numbers. */
export type ReportedDecision = ReturnType<typeof decisionOf>;

/** A backtest as plain JSON: what `--json` prints and the page draws. Micro-dollars unless the name says otherwise. */
export function reportData(backtest: Backtest) {
  const { market, startS, endS, latencyS, outcomes, views, lookAhead, grid, warnings } = backtest;
  const { kind, about, method, gas, terms } = market;
  return {
    market: {
      kind,
      about,
      method,
      gas,
      feePips: terms.feePips,
      token0: terms.token0.symbol,
      token1: terms.token1.symbol,
    },
    ...{ startS, endS, latencyS, warnings, views, lookAhead, grid },
    strategies: outcomes.map((outcome) => strategyOf(outcome, backtest)),
  };
}

export type ReportData = ReturnType<typeof reportData>;

function strategyOf(outcome: Outcome, backtest: Backtest) {
  const { entries: _entries, trades: _trades, attribution: _attribution, decided, points, ...totals } = outcome;
  const edge = (tick: number | null) => (tick === null ? null : priceUsdAtTick(tick, backtest));
  return {
    ...totals,
    points: points.map(({ tickLower, tickUpper, ...point }) => {
      const ends = [edge(tickLower), edge(tickUpper)].filter((end) => end !== null);
      const [lowerUsd, upperUsd] = ends.length === 2 ? [Math.min(...ends), Math.max(...ends)] : [null, null];
      return { ...point, lowerUsd, upperUsd };
    }),
    decisions: decided.map((one) => decisionOf(one, backtest)),
  };
}

function decisionOf(decided: Decided, backtest: Backtest) {
  const { view, had, range, options, baseline: _baseline, ...rest } = decided;
  return {
    ...rest,
    had: had === null ? null : rangeOf(had, backtest),
    range: range === null ? null : rangeOf(range, backtest),
    options: options.map(({ liquidity, range: at, ...numbers }) => ({
      ...numbers,
      liquidity: liquidity.toString(),
      range: at === null ? null : rangeOf(at, backtest),
    })),
    view:
      view === null
        ? null
        : {
            prior: view.prior,
            likelihood: view.likelihood,
            posterior: view.posterior,
            range: view.range,
            regime: view.regime?.name ?? null,
            valueUsdE6: view.market.position.valueUsdE6,
            feesUsdE6: view.market.position.feesUsdE6,
          },
  };
}

function rangeOf({ tickLower, tickUpper }: { tickLower: number; tickUpper: number }, backtest: Backtest) {
  const ends = [priceUsdAtTick(tickLower, backtest), priceUsdAtTick(tickUpper, backtest)];
  return { tickLower, tickUpper, lowerUsd: Math.min(...ends), upperUsd: Math.max(...ends) };
}

/** Dollars for one volatile token; for people. */
function priceUsdAtTick(tick: number, { market: { terms } }: Backtest): number {
  const decimals = { decimals0: terms.token0.decimals, decimals1: terms.token1.decimals };
  return stablePerVolatileAtTick({ tick, stable: terms.stable, ...decimals });
}
