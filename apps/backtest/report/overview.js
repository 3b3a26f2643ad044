// The upper half of the page: what it is, the figures that matter, and where the change of value comes from.
import { COLORS, data, el, legend, ours, percent, rowOf, section, signed, swatch, time, usd } from './elements.js';

export function header() {
  const days = (data.endS - data.startS) / 86_400;
  const facts = [
    ['market', data.market.about],
    ['replay', data.market.method],
    ['gas', data.market.gas],
    ['latency', `${data.latencyS} s from a decision to its block`],
  ];
  return el(
    'header',
    {},
    el('h1', {}, 'Rangeward backtest'),
    el(
      'p',
      { class: 'soft' },
      `${days.toFixed(1)} days, ${time(data.startS)} to ${time(data.endS)} UTC, ${usd(ours.capitalUsdE6, 0)} USD each`,
    ),
    el('dl', { class: 'facts' }, ...facts.flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)])),
    ...data.warnings.map((warning) => el('p', { class: 'warning' }, warning)),
  );
}

export function tiles() {
  const tile = (name, value, note) =>
    el('div', { class: 'tile' }, el('span', {}, name), el('b', {}, value), el('small', {}, note));
  const ninety = data.views?.ours.ranges.find(({ coverage }) => coverage === 0.9);
  return el(
    'div',
    { class: 'tiles' },
    tile('against HODL', signed(ours.overHodlUsdE6), `USD, ${ours.strategy}`),
    tile('fees', usd(ours.parts.feesUsdE6), 'USD earned'),
    tile('costs', usd(ours.parts.gasUsdE6 + ours.parts.swapCostUsdE6), 'USD, gas and swaps'),
    tile('in range', percent(ours.inRangeShare), 'of the time'),
    tile('moves', String(ours.rebalances + ours.exits), `and ${ours.collects} collects`),
    ...(ninety === undefined
      ? []
      : [tile('90 % range held', percent(ninety.hitRate), `of ${data.views.ours.forecasts} views`)]),
  );
}

const ATTRIBUTION = [
  ['fees', (one) => one.parts.feesUsdE6],
  ['price (HODL)', (one) => one.parts.priceUsdE6],
  ['IL realised', (one) => one.parts.ilRealisedUsdE6],
  ['IL unrealised', (one) => one.parts.ilUnrealisedUsdE6],
  ['IL carried', (one) => one.parts.ilCarriedUsdE6],
  ['swap cost', (one) => one.parts.swapCostUsdE6],
  ['gas', (one) => one.parts.gasUsdE6],
];

export function comparison() {
  const money = (name, of, attributes) => rowOf([name, ...data.strategies.map((one) => usd(of(one)))], attributes);
  const plain = (name, of) => rowOf([name, ...data.strategies.map(of)], { class: 'aside' });
  const head = el(
    'tr',
    {},
    el('th', {}, 'USD'),
    ...data.strategies.map((one, index) => el('th', {}, swatch(index), one.strategy)),
  );
  const body = [
    ...ATTRIBUTION.map(([name, of]) => money(name, of)),
    money('= change of value', (one) => one.changeUsdE6, { class: 'sum' }),
    money('against HODL', (one) => one.overHodlUsdE6, { class: 'sum' }),
    plain('LVR, beside the sum', (one) => usd(-one.lvrUsdE6)),
    plain('in range', (one) => percent(one.inRangeShare)),
    plain(
      'moves / collects / came too late',
      (one) => `${one.rebalances + one.exits} / ${one.collects} / ${one.refused}`,
    ),
  ];
  const about = el(
    'dl',
    { class: 'facts' },
    ...data.strategies.flatMap((one) => [el('dt', {}, one.strategy), el('dd', {}, one.about)]),
  );
  return section(
    'Where the change of value comes from',
    'The rows above the sum add up to it to the micro-dollar. LVR is another way to say what IL cost and stands beside it.',
    el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, head), el('tbody', {}, ...body))),
    about,
  );
}

/** Bars of one part beside each other, one group a part: hue says the strategy as everywhere on this page. */
export function attributionChart() {
  const groups = ATTRIBUTION.filter(([, of]) => data.strategies.some((one) => of(one) !== 0));
  const most = Math.max(1, ...groups.flatMap(([, of]) => data.strategies.map((one) => Math.abs(of(one)))));
  const [bar, gap, left, width] = [11, 16, 96, 560];
  const groupHeight = data.strategies.length * (bar + 2) + gap;
  const middle = left + (width - left - 70) / 2;
  const scale = (width - left - 150) / 2 / most;
  const svg = el('svg', {
    viewBox: `0 0 ${width} ${groups.length * groupHeight}`,
    width: '100%',
    role: 'img',
    'aria-label': 'Parts of the change of value',
  });
  svg.append(el('line', { class: 'axis', x1: middle, x2: middle, y1: 0, y2: groups.length * groupHeight }));
  groups.forEach(([name, of], group) => {
    const top = group * groupHeight + gap / 2;
    svg.append(el('text', { x: 0, y: top + groupHeight / 2 - 4 }, name));
    data.strategies.forEach((one, index) => {
      const value = of(one);
      const length = Math.abs(value) * scale;
      const y = top + index * (bar + 2);
      const x = value < 0 ? middle - length : middle;
      const fill = `var(${COLORS[index % COLORS.length]})`;
      const text = {
        x: value < 0 ? x - 5 : x + length + 5,
        y: y + bar - 2,
        'text-anchor': value < 0 ? 'end' : 'start',
      };
      svg.append(
        el(
          'rect',
          { x, y, width: Math.max(1, length), height: bar, rx: 2, fill },
          el('title', {}, `${one.strategy}: ${usd(value)}`),
        ),
      );
      svg.append(el('text', text, usd(value, 0)));
    });
  });
  return section('The same as a picture', 'USD; left of the line costs, right of it gains.', legend(), svg);
}
