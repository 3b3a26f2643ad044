// Whether the views held what they promised, and what a search over settings found.
import { data, el, percent, rowOf, section, tableOf, time } from './elements.js';

export function calibration() {
  const { ours: own, walk, constant, againstWalk, horizonS } = data.views;
  const row = (name, of) =>
    rowOf([name, ...of.ranges.map(({ hitRate }) => percent(hitRate)), of.crps.toFixed(5), of.logScore.toFixed(3)]);
  const head = ['held by a range of', ...own.ranges.map(({ coverage }) => percent(coverage, 0)), 'CRPS', 'log score'];
  const better =
    Math.abs(againstWalk.difference) <= 2 * againstWalk.standardError
      ? 'no different from'
      : againstWalk.difference < 0
        ? 'better than'
        : 'worse than';
  const note = `${own.forecasts} views, each made before its outcome, ${horizonS / 60} minutes ahead. In CRPS ours is ${better} the random walk.`;
  return el(
    'div',
    { class: 'pair' },
    section(
      'Do the ranges hold what they promise?',
      note,
      hitRates(own),
      tableOf(head, [row('ours', own), row('random walk (EWMA)', walk), row('constant (knows all)', constant)]),
    ),
    section(
      'Where outcomes fell',
      'Tenths of each view, lowest prices first: even bars mean calibrated, a hump too wide, a bowl too narrow.',
      pitHistogram(own),
    ),
  );
}

/** Promised against held: on the line is right, the bar is what chance allows. */
function hitRates({ ranges }) {
  const [width, height, left, bottom] = [420, 230, 44, 28];
  const x = (share) => left + ((share - 0.4) / 0.6) * (width - left - 12);
  const y = (share) => height - bottom - ((share - 0.4) / 0.6) * (height - bottom - 10);
  const svg = el('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width: '100%',
    role: 'img',
    'aria-label': 'Promised against held',
  });
  for (const share of [0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    svg.append(
      el('line', { class: 'axis', x1: left, x2: width - 12, y1: y(share), y2: y(share) }),
      el('text', { x: left - 6, y: y(share) + 4, 'text-anchor': 'end' }, percent(share, 0)),
    );
  }
  svg.append(
    el('line', { x1: x(0.4), y1: y(0.4), x2: x(1), y2: y(1), stroke: 'var(--faint)', 'stroke-dasharray': '4 4' }),
  );
  for (const { coverage, promised, hitRate, hitRateLow, hitRateHigh } of ranges) {
    svg.append(
      el('line', {
        x1: x(promised),
        x2: x(promised),
        y1: y(Math.max(0.4, hitRateLow)),
        y2: y(hitRateHigh),
        stroke: 'var(--s0)',
        'stroke-width': 2,
      }),
      el(
        'circle',
        {
          cx: x(promised),
          cy: y(Math.max(0.4, hitRate)),
          r: 5,
          fill: 'var(--s0)',
          stroke: 'var(--surface)',
          'stroke-width': 2,
        },
        el('title', {}, `${percent(coverage, 0)} asked, ${percent(promised)} promised, ${percent(hitRate)} held`),
      ),
      el(
        'text',
        {
          x: x(promised),
          y: height - 8,
          'text-anchor': coverage > 0.9 ? 'start' : coverage === 0.9 ? 'end' : 'middle',
        },
        percent(coverage, 0),
      ),
    );
  }
  return svg;
}

function pitHistogram({ pitCounts, forecasts }) {
  const [width, height, left, bottom] = [420, 230, 44, 28];
  const most = Math.max(...pitCounts, forecasts / pitCounts.length) * 1.15;
  const step = (width - left - 12) / pitCounts.length;
  const y = (count) => height - bottom - (count / most) * (height - bottom - 10);
  const svg = el('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width: '100%',
    role: 'img',
    'aria-label': 'Histogram of the probability integral transform',
  });
  pitCounts.forEach((count, at) => {
    svg.append(
      el(
        'rect',
        {
          x: left + at * step + 1,
          y: y(count),
          width: step - 2,
          height: height - bottom - y(count),
          rx: 3,
          fill: 'var(--s0)',
        },
        el('title', {}, `${count} outcomes`),
      ),
      el('text', { x: left + (at + 0.5) * step, y: height - 8, 'text-anchor': 'middle' }, `${at * 10}`),
    );
  });
  const even = y(forecasts / pitCounts.length);
  svg.append(
    el('line', { x1: left, x2: width - 12, y1: even, y2: even, stroke: 'var(--faint)', 'stroke-dasharray': '4 4' }),
    el('text', { x: left - 6, y: even + 4, 'text-anchor': 'end' }, 'even'),
  );
  return svg;
}

export function search() {
  const { trials, folds, warning } = data.grid;
  const score = (value) => (value * 1e4).toFixed(2);
  const rows = folds.map(({ fold, chosen, trainScore, luck, testScore, defaultScore }) => {
    const name = Object.entries(chosen)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
    return rowOf([time(fold.test.startS), name, score(trainScore), score(luck), score(testScore), score(defaultScore)]);
  });
  const head = [
    'judged from',
    'chosen on the stretch before',
    'score there',
    'of it luck',
    'score judged',
    'settings as they are',
  ];
  return section(
    `Search over ${trials} settings, walk-forward`,
    `1/100 of a percent of the capital a day, against HODL. ${warning}`,
    tableOf(head, rows),
  );
}
