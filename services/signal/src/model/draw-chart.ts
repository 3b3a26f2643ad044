import type { Candle } from '@rangeward/contracts';
import { label, line, rect, type Scale, scaleOf } from './svg-parts.ts';

/** What the chart shows; prices in micro-dollars. */
export type ChartData = {
  readonly candles: readonly Candle[];
  readonly candleSeconds: number;
  readonly priceUsdE6: number;
  readonly range: { readonly lowerUsdE6: number; readonly upperUsdE6: number };
  /** Null when nothing was traded in its window. */
  readonly vwapUsdE6: number | null;
};

export const CHART_WIDTH = 1000;
export const CHART_HEIGHT = 600;
/** More candles than this would be thinner than a pixel or two. */
export const MOST_CANDLES = 144;

const left = 28;
const right = 900;
const priceArea = { top: 64, bottom: 440 };
const volumeArea = { top: 466, bottom: 560 };
const colours = { up: '#1a7f37', down: '#c62828', grid: '#e4e7eb', text: '#24292f', quiet: '#57606a' };
const rangeColour = '#0b5cad';
const vwapColour = '#8250df';

/**
 * Candles with their volume, the position's range and the volume-weighted mean price, as SVG. Its look is part of what the
 * model is asked: the same data give the same text, times are UTC, and no name of a token is in it.
 */
export function drawChart(data: ChartData): string {
  const candles = data.candles.slice(-MOST_CANDLES);
  const price = priceScale(candles, data);
  const slot = (right - left) / Math.max(1, candles.length);
  const body = [
    `<rect width="${CHART_WIDTH}" height="${CHART_HEIGHT}" fill="#ffffff"/>`,
    ...title(candles, data),
    ...priceGrid(price, data.priceUsdE6),
    ...timeGrid(candles, slot, data.candleSeconds),
    ...rangeBand(price, data),
    ...candles.flatMap((candle, index) => drawCandle(candle, left + slot * (index + 0.5), slot, price)),
    ...volumes(candles, slot),
    ...vwapLine(price, data.vwapUsdE6),
    ...tags(price, data),
  ];
  const size = `width="${CHART_WIDTH}" height="${CHART_HEIGHT}" viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="DejaVu Sans">${body.join('')}</svg>`;
}

/** Room for all candles, the price and the mean; for the range as far as it does not flatten the candles. */
function priceScale(candles: readonly Candle[], { priceUsdE6, vwapUsdE6, range }: ChartData): Scale {
  const seen = [
    priceUsdE6,
    ...(vwapUsdE6 === null ? [] : [vwapUsdE6]),
    ...candles.flatMap(({ high, low }) => [high, low]),
  ];
  const low = Math.min(...seen);
  const high = Math.max(...seen);
  const moved = Math.max(high - low, high * 0.002, 1);
  const near = (value: number) => Math.min(high + moved, Math.max(low - moved, value));
  const ends = [low, high, near(range.lowerUsdE6), near(range.upperUsdE6)];
  const margin = moved * 0.08;
  return scaleOf({
    low: Math.min(...ends) - margin,
    high: Math.max(...ends) + margin,
    top: priceArea.top,
    bottom: priceArea.bottom,
  });
}

function title(candles: readonly Candle[], { candleSeconds }: ChartData): string[] {
  const [first, last] = [candles[0], candles.at(-1)];
  const span =
    first === undefined || last === undefined
      ? 'no candles'
      : `${stamp(first.startS)} to ${stamp(last.startS + candleSeconds)} UTC, ${Math.round(candleSeconds / 60)}-minute candles`;
  return [
    label({ x: left, y: 24, text: 'Price of the volatile token in USD', size: 16, bold: true, colour: colours.text }),
    label({ x: left, y: 46, text: span, size: 13, colour: colours.quiet }),
    label({ x: left, y: volumeArea.top - 8, text: 'Volume, USD per candle', size: 12, colour: colours.quiet }),
  ];
}

/** Without the number that the tag of the price would cover. */
function priceGrid(price: Scale, priceUsdE6: number): string[] {
  return price.steps(7).flatMap((value) => {
    const y = price.at(value);
    const covered = Math.abs(y - price.at(priceUsdE6)) < 16;
    const number = label({ x: right + 6, y: y + 4, text: dollars(value), size: 12, colour: colours.quiet });
    return [line({ x1: left, y1: y, x2: right, y2: y, colour: colours.grid }), ...(covered ? [] : [number])];
  });
}

/** A line at whole hours, so many that their labels do not touch. */
function timeGrid(candles: readonly Candle[], slot: number, candleSeconds: number): string[] {
  const spanS = candles.length * candleSeconds;
  const stepS = [900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800].find(
    (step) => spanS / step <= 12,
  );
  return candles.flatMap(({ startS }, index) => {
    if (stepS === undefined || startS % stepS !== 0) return [];
    const x = left + slot * index;
    const text = startS % 86_400 === 0 ? stamp(startS).slice(5, 10) : stamp(startS).slice(11);
    return [
      line({ x1: x, y1: priceArea.top, x2: x, y2: volumeArea.bottom, colour: colours.grid }),
      label({ x, y: volumeArea.bottom + 18, text, size: 12, colour: colours.quiet, anchor: 'middle' }),
    ];
  });
}

function rangeBand(price: Scale, { range }: ChartData): string[] {
  const inside = (value: number) => Math.min(priceArea.bottom, Math.max(priceArea.top, price.at(value)));
  const top = inside(range.upperUsdE6);
  const bottom = inside(range.lowerUsdE6);
  const band = rect({ x: left, y: top, width: right - left, height: bottom - top, colour: rangeColour, opacity: 0.07 });
  const edges = [range.upperUsdE6, range.lowerUsdE6].flatMap((value) => {
    const y = price.at(value);
    return y < priceArea.top || y > priceArea.bottom
      ? []
      : [line({ x1: left, y1: y, x2: right, y2: y, colour: rangeColour, width: 1.5 })];
  });
  return [band, ...edges];
}

function drawCandle(candle: Candle, x: number, slot: number, price: Scale): string[] {
  const colour = candle.close >= candle.open ? colours.up : colours.down;
  const [top, bottom] = [price.at(Math.max(candle.open, candle.close)), price.at(Math.min(candle.open, candle.close))];
  const width = Math.max(1, slot * 0.68);
  return [
    line({ x1: x, y1: price.at(candle.high), x2: x, y2: price.at(candle.low), colour }),
    rect({ x: x - width / 2, y: top, width, height: Math.max(1, bottom - top), colour }),
  ];
}

function volumes(candles: readonly Candle[], slot: number): string[] {
  const most = Math.max(1, ...candles.map(({ volumeUsdE6 }) => volumeUsdE6));
  const scale = scaleOf({ low: 0, high: most, top: volumeArea.top, bottom: volumeArea.bottom });
  const width = Math.max(1, slot * 0.68);
  const bars = candles.map((candle, index) => {
    const y = scale.at(candle.volumeUsdE6);
    const x = left + slot * (index + 0.5) - width / 2;
    const colour = candle.close >= candle.open ? colours.up : colours.down;
    return rect({ x, y, width, height: volumeArea.bottom - y, colour, opacity: 0.55 });
  });
  const base = line({ x1: left, y1: volumeArea.bottom, x2: right, y2: volumeArea.bottom, colour: colours.quiet });
  const top = label({ x: right + 6, y: volumeArea.top + 4, text: short(most), size: 12, colour: colours.quiet });
  const zero = label({ x: right + 6, y: volumeArea.bottom + 4, text: '0', size: 12, colour: colours.quiet });
  return [...bars, base, top, zero];
}

function vwapLine(price: Scale, vwapUsdE6: number | null): string[] {
  if (vwapUsdE6 === null) return [];
  const y = price.at(vwapUsdE6);
  return [line({ x1: left, y1: y, x2: right, y2: y, colour: vwapColour, width: 1.5, dash: '6 4' })];
}

/** What the lines are, in the corner where they cannot cover one another. */
function tags(price: Scale, { priceUsdE6, range, vwapUsdE6 }: ChartData): string[] {
  const y = price.at(priceUsdE6);
  const legend = [
    { text: `range of the position ${dollars(range.lowerUsdE6)} to ${dollars(range.upperUsdE6)}`, colour: rangeColour },
    ...(vwapUsdE6 === null ? [] : [{ text: `VWAP ${dollars(vwapUsdE6)}`, colour: vwapColour }]),
  ];
  return [
    line({ x1: left, y1: y, x2: right, y2: y, colour: colours.text, dash: '2 3' }),
    rect({ x: right + 2, y: y - 9, width: 92, height: 18, colour: colours.text }),
    label({ x: right + 6, y: y + 4, text: dollars(priceUsdE6), size: 12, bold: true, colour: '#ffffff' }),
    ...legend.map(({ text, colour }, index) =>
      label({ x: right, y: 24 + 22 * index, text, size: 13, colour, anchor: 'end' }),
    ),
  ];
}

/** `2026-01-05 14:05`, UTC. */
function stamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

/** Six digits are enough to tell two prices on the chart apart. */
export function dollars(valueUsdE6: number): string {
  const value = valueUsdE6 / 1e6;
  const digits = value >= 1_000 ? 2 : value >= 1 ? 4 : 8;
  const [whole = '', rest] = value.toFixed(digits).split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${rest}`;
}

function short(valueUsdE6: number): string {
  const value = valueUsdE6 / 1e6;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : value.toFixed(0);
}
