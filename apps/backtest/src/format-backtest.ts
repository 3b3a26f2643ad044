import type { Backtest } from './run-backtest.ts';
import type { ViewScores } from './score-views.ts';
import type { GridSearch } from './search-grid.ts';
import type { Outcome } from './sum-up.ts';

/** The backtest as text for a terminal. */
export function formatBacktest(backtest: Backtest): string {
  const { market, startS, endS, latencyS, outcomes, views, lookAhead, grid, warnings } = backtest;
  const days = (endS - startS) / 86_400;
  const lines = [
    `Backtest of ${days.toFixed(1)} days, ${time(startS)} to ${time(endS)} UTC`,
    '',
    `  market   ${market.about}`,
    `  replay   ${market.method}`,
    `  gas      ${market.gas}`,
    `  latency  ${latencyS} s from a decision to its block`,
    '',
    ...table(attributionRows(outcomes)),
    '',
    ...outcomes.map(({ strategy, about }) => `  ${strategy.padEnd(12)} ${about}`),
  ];
  if (views !== null) lines.push('', ...formatViews(views));
  if (lookAhead !== null) {
    const found =
      lookAhead.differs === null
        ? 'all came out the same'
        : `one came out otherwise, at ${time(lookAhead.differs.atS)}: it looked ahead`;
    lines.push(
      '',
      `Look-ahead: ${lookAhead.checked} of ${lookAhead.of} decisions made again without a future, ${found}.`,
    );
  }
  if (grid !== null) lines.push('', ...formatGrid(grid));
  if (warnings.length > 0) lines.push('', ...warnings.map((warning) => `Note: ${warning}`));
  return `${lines.join('\n')}\n`;
}

function attributionRows(outcomes: readonly Outcome[]): string[][] {
  const row = (name: string, of: (outcome: Outcome) => string) => [name, ...outcomes.map(of)];
  const money = (name: string, of: (outcome: Outcome) => number) => row(name, (outcome) => usd(of(outcome)));
  return [
    row('USD', ({ strategy }) => strategy),
    money('fees', ({ parts }) => parts.feesUsdE6),
    money('price (HODL)', ({ parts }) => parts.priceUsdE6),
    money('IL realised', ({ parts }) => parts.ilRealisedUsdE6),
    money('IL unrealised', ({ parts }) => parts.ilUnrealisedUsdE6),
    money('IL carried', ({ parts }) => parts.ilCarriedUsdE6),
    money('swap cost', ({ parts }) => parts.swapCostUsdE6),
    money('gas', ({ parts }) => parts.gasUsdE6),
    money('= change', ({ changeUsdE6 }) => changeUsdE6),
    money('against HODL', ({ overHodlUsdE6 }) => overHodlUsdE6),
    money('LVR, beside', ({ lvrUsdE6 }) => -lvrUsdE6),
    // The price’s luck taken out: by this two strategies can be told apart in weeks instead of years.
    money('fees-LVR-cost', ({ parts, lvrUsdE6 }) => parts.feesUsdE6 - lvrUsdE6 + parts.swapCostUsdE6 + parts.gasUsdE6),
    row('in range', ({ inRangeShare }) => percent(inRangeShare)),
    row('moves', ({ rebalances, exits }) => String(rebalances + exits)),
    row('collects', ({ collects }) => String(collects)),
    row('came too late', ({ refused }) => String(refused)),
  ];
}

function formatViews({ ours, walk, constant, againstWalk, horizonS }: ViewScores): string[] {
  const row = (name: string, of: ViewScores['ours']) => [
    name,
    ...of.ranges.map(({ hitRate }) => percent(hitRate)),
    of.crps.toFixed(5),
    of.logScore.toFixed(3),
  ];
  const [, , ninety] = ours.ranges;
  const sure =
    ninety === undefined
      ? ''
      : `; the true rate of the 90 % range is ${percent(ninety.hitRateLow)} to ${percent(ninety.hitRateHigh)}`;
  const { difference, standardError } = againstWalk;
  const beside =
    Math.abs(difference) <= 2 * standardError ? 'no different from' : difference < 0 ? 'better than' : 'worse than';
  return [
    `Views, ${ours.forecasts} of them out of sample, ${horizonS / 60} minutes ahead${sure}`,
    '',
    ...table([
      ['held by a range of', ...ours.ranges.map(({ coverage }) => percent(coverage, 0)), 'CRPS', 'log score'],
      row('ours', ours),
      row('random walk (EWMA)', walk),
      row('constant (knows all)', constant),
    ]),
    '',
    `  In CRPS ours is ${beside} the random walk: ${difference.toExponential(1)} ± ${standardError.toExponential(1)}.`,
  ];
}

function formatGrid({ folds, trials, warning }: GridSearch): string[] {
  const score = (value: number) => `${(value * 1e4).toFixed(2)}`;
  return [
    `Search over ${trials} trials; scores are 1/100 of a percent a day against HODL`,
    '',
    ...table([
      ['judged on', 'chosen', 'where chosen', 'of it luck', 'where judged', 'as it is'],
      ...folds.map(({ fold, chosen, trainScore, testScore, defaultScore, luck }) => [
        time(fold.test.startS),
        Object.entries(chosen)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
        score(trainScore),
        score(luck),
        score(testScore),
        score(defaultScore),
      ]),
    ]),
    '',
    `  ${warning}`,
  ];
}

/** First column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}`,
  );
}

function usd(usdE6: number): string {
  const [whole = '', cents = ''] = Math.abs(usdE6 / 1e6)
    .toFixed(2)
    .split('.');
  const sign = usdE6 < 0 && Number(`${whole}.${cents}`) !== 0 ? '-' : '';
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

function time(timeS: number): string {
  return new Date(timeS * 1000).toISOString().slice(0, 16).replace('T', ' ');
}
