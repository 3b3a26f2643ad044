// Charts over time; they share a cursor.
import { colorOf, css, data, el, legend, ours, price, section, swatch, time } from './elements.js';

const charts = [];
const sync = uPlot.sync('time');

/** A chart over time that follows the page's width and colours. `make` answers series, data and what to draw besides. */
export function timeChart(title, note, make, withLegend = true) {
  const host = el('div', { class: 'chart' });
  const read = el('div', { class: 'read' }, ' ');
  const draw = () => {
    host.replaceChildren();
    const { series, columns, bands = [], hooks = {}, describe } = make();
    const axis = {
      stroke: css('--faint'),
      grid: { stroke: css('--grid'), width: 1 },
      ticks: { stroke: css('--grid') },
      font: '11px system-ui',
    };
    const values = (_, ticks) => ticks.map((tick) => price(tick));
    const times = (_, ticks) =>
      ticks.map((tick) => (tick % 86_400 === 0 ? time(tick).slice(5, 10) : time(tick).slice(11)));
    const cursor = { sync: { key: sync.key }, y: false, points: { size: 6 } };
    const setCursor = ({ cursor: { idx } }) => {
      read.textContent = idx === null || idx === undefined ? ' ' : `${time(columns[0][idx])}  ${describe(idx)}`;
    };
    const options = {
      width: host.clientWidth || 600,
      height: 260,
      tzDate: (s) => uPlot.tzDate(new Date(s * 1e3), 'Etc/UTC'),
      axes: [
        { ...axis, values: times },
        { ...axis, size: 64, values },
      ],
      cursor,
      bands,
      series: [{}, ...series],
      hooks: { ...hooks, setCursor: [setCursor] },
    };
    return new uPlot(options, columns, host);
  };
  charts.push({ host, draw, plot: null });
  return section(title, note, withLegend ? legend() : null, host, read);
}

export const times = ours.points.map(({ timeS }) => timeS);
export const lines = (of) => data.strategies.map((one) => one.points.map((point) => of(point) / 1e6));
export const strategySeries = () =>
  data.strategies.map((one, index) => ({
    label: one.strategy,
    stroke: colorOf(index),
    width: index === 0 ? 2.5 : 1.5,
    points: { show: false },
  }));
export const eachValue = (columns) => (idx) =>
  data.strategies.map((one, index) => `${one.strategy} ${(columns[index][idx] ?? 0).toFixed(2)}`).join('   ');

let shown = 0;
export function priceChart() {
  const make = () => {
    const { points, decisions } = data.strategies[shown];
    const columns = [
      times,
      points.map((point) => point.priceUsdE6 / 1e6),
      points.map((point) => point.lowerUsd),
      points.map((point) => point.upperUsd),
    ];
    const edge = {
      stroke: colorOf(shown),
      width: 1,
      points: { show: false },
      paths: uPlot.paths.stepped({ align: 1 }),
    };
    const mark = (plot) => {
      const { ctx } = plot;
      for (const { execution, priceUsdE6 } of decisions) {
        if (execution?.kind !== 'done') continue;
        const [x, y] = [plot.valToPos(execution.atS, 'x', true), plot.valToPos(priceUsdE6 / 1e6, 'y', true)];
        if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
        ctx.beginPath();
        ctx.arc(x, y, 3.5 * devicePixelRatio, 0, 2 * Math.PI);
        ctx.fillStyle = colorOf(shown);
        ctx.fill();
        ctx.lineWidth = 2 * devicePixelRatio;
        ctx.strokeStyle = css('--surface');
        ctx.stroke();
      }
    };
    const describe = (idx) =>
      `price ${price(columns[1][idx])}   range ${columns[2][idx] === null ? 'none' : `${price(columns[2][idx])} to ${price(columns[3][idx])}`}`;
    return {
      columns,
      describe,
      bands: [{ series: [3, 2], fill: css('--wash') }],
      hooks: { draw: [mark] },
      series: [{ stroke: css('--ink'), width: 1.5, points: { show: false } }, edge, edge],
    };
  };
  const chart = timeChart('Price and range', 'USD for one ETH; the dots are moves and collects.', make, false);
  const tabs = data.strategies.map((one, index) =>
    el('button', { 'aria-pressed': String(index === shown), onclick: () => show(index) }, swatch(index), one.strategy),
  );
  const show = (index) => {
    shown = index;
    for (const [at, tab] of tabs.entries()) tab.setAttribute('aria-pressed', String(at === index));
    redraw();
  };
  chart.insertBefore(el('div', { class: 'tabs' }, ...tabs), chart.querySelector('.chart'));
  return chart;
}

export function redraw() {
  for (const chart of charts) {
    chart.plot?.destroy();
    chart.plot = chart.draw();
  }
}
