import { applyTrial } from './apply-trial.ts';
import { checkLookAhead, type LookAheadCheck } from './check-look-ahead.ts';
import type { Market } from './market.ts';
import { type OwnSettings, ownStrategy } from './own-strategy.ts';
import { fixedWidth, holdRange, tauReset } from './plain-strategies.ts';
import { type RunOptions, runStrategy } from './run-strategy.ts';
import { scoreViews, type ViewScores } from './score-views.ts';
import { foldsOf, type Grid, type GridSearch, searchGrid, type Trial } from './search-grid.ts';
import type { Outcome } from './sum-up.ts';

export type BacktestOptions = {
  readonly own: OwnSettings;
  readonly capitalUsd: number;
  readonly latencyS: number;
  /** Before the first decision, seconds. */
  readonly warmUpS: number;
  /** Half width of the plain strategies, ticks. */
  readonly halfWidthTicks: number;
  /** Decisions made again from a cut-off past; 0 checks none. */
  readonly lookAheadChecks: number;
  readonly grid: Grid;
  readonly folds: number;
};

export type Backtest = {
  readonly market: Pick<Market, 'kind' | 'about' | 'method' | 'terms'> & { readonly gas: string };
  readonly startS: number;
  readonly endS: number;
  readonly latencyS: number;
  readonly outcomes: readonly Outcome[];
  readonly views: ViewScores | null;
  readonly lookAhead: LookAheadCheck | null;
  readonly grid: GridSearch | null;
  /** What a reader must know before believing the figures. */
  readonly warnings: readonly string[];
};

const POINTS = 480;

/** Every strategy through the same past, ours scored and checked besides. The same arguments give the same answer. */
export function runBacktest(market: Market, options: BacktestOptions): Backtest {
  const { own } = options;
  const startS = market.firstS + options.warmUpS;
  const run: RunOptions = {
    ...{ startS, endS: market.lastS, latencyS: options.latencyS, points: POINTS },
    keepDecisions: true,
    capitalUsdE6: Math.round(options.capitalUsd * 1e6),
    marketData: own.marketData,
    gasUnits: own.decision.gas,
  };
  if (run.endS <= startS) throw new RangeError('the past is shorter than the time to look back on before it');
  const { halfWidthTicks } = options;
  const plain = [tauReset(halfWidthTicks), fixedWidth(halfWidthTicks), holdRange(halfWidthTicks)];
  const ours = runStrategy(market, ownStrategy(own), run);
  const outcomes = [ours, ...plain.map((strategy) => runStrategy(market, strategy, run))];
  const { kind, about, method, terms } = market;
  return {
    market: { kind, about, method, terms, gas: market.gas.about },
    ...{ startS, endS: run.endS, latencyS: options.latencyS, outcomes },
    views: scoreViews(ours.decided, ours.trades),
    lookAhead:
      options.lookAheadChecks === 0
        ? null
        : checkLookAhead(market, () => ownStrategy(own), run, ours.decided, options.lookAheadChecks),
    grid: options.grid.size === 0 ? null : searchSettings(market, own, run, options),
    warnings: warningsOf(market, run, outcomes),
  };
}

/** Trials are compared by what they brought more than holding, in parts of the capital a day. */
function searchSettings(market: Market, own: OwnSettings, run: RunOptions, options: BacktestOptions): GridSearch {
  const score = (trial: Trial, span: { startS: number; endS: number }) => {
    const settings = applyTrial(own, trial);
    const tried = {
      ...run,
      ...span,
      points: 1,
      keepDecisions: false,
      marketData: settings.marketData,
      gasUnits: settings.decision.gas,
    };
    const { overHodlUsdE6, capitalUsdE6 } = runStrategy(market, ownStrategy(settings), tried);
    return (overHodlUsdE6 / capitalUsdE6 / (span.endS - span.startS)) * 86_400;
  };
  return searchGrid(options.grid, foldsOf(run.startS, run.endS, options.folds), score);
}

function warningsOf(market: Market, run: RunOptions, outcomes: readonly Outcome[]): string[] {
  const warnings: string[] = [];
  const days = (run.endS - run.startS) / 86_400;
  if (days < 6.9) {
    warnings.push(
      `${days.toFixed(1)} days: too short to say which strategy is better, and nothing here is annualised.`,
    );
  }
  const largest = Math.max(...outcomes.map(({ largestShare }) => largestShare));
  if (market.kind === 'price-path' && largest > 0.01) {
    const share = `${(largest * 100).toFixed(1)} %`;
    warnings.push(`Our liquidity was up to ${share} of the pool’s: a price path alone overstates what it would earn.`);
  }
  return warnings;
}
