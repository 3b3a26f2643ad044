import { createHash } from 'node:crypto';
import { openRasteriser } from '@rangeward/adapter-llm/rasterise';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChartData, drawChart, MOST_CANDLES } from './draw-chart.ts';

const candle = (index: number, closeUsd: number, volumeUsd = 1_000) => ({
  startS: 1_767_484_800 + index * 300,
  open: Math.round((closeUsd - 1) * 1e6),
  high: Math.round((closeUsd + 2) * 1e6),
  low: Math.round((closeUsd - 3) * 1e6),
  close: Math.round(closeUsd * 1e6),
  volumeUsdE6: volumeUsd * 1e6,
  swaps: 3,
});
const data = (other: Partial<ChartData> = {}): ChartData => ({
  candles: Array.from({ length: 200 }, (_, index) => candle(index, 3000 + 20 * Math.sin(index / 9))),
  candleSeconds: 300,
  priceUsdE6: 3_001_000_000,
  range: { lowerUsdE6: 2_950_000_000, upperUsdE6: 3_050_000_000 },
  vwapUsdE6: 2_999_500_000,
  ...other,
});
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1]);

describe('the chart', () => {
  it('says what it shows, in UTC and dollars', () => {
    const shown = texts(drawChart(data()));
    expect(shown).toContain('2026-01-04 04:40 to 2026-01-04 16:40 UTC, 5-minute candles');
    expect(shown).toContain('range of the position 2,950.00 to 3,050.00');
    expect(shown).toContain('VWAP 2,999.50');
    expect(shown).toContain('3,001.00');
    expect(shown).toContain('Volume, USD per candle');
    expect(shown.filter((text) => /^\d\d:00$/.test(text ?? '')).length).toBeGreaterThan(4);
  });

  it('is the same in every time zone', () => {
    const here = process.env.TZ;
    const drawn = ['UTC', 'Asia/Kathmandu', 'America/St_Johns'].map((zone) => {
      process.env.TZ = zone;
      return drawChart(data());
    });
    process.env.TZ = here;
    expect(new Set(drawn).size).toBe(1);
  });

  it('is the same PNG for the same data, and another for other data', async () => {
    const rasterise = await openRasteriser();
    const hash = async (given: ChartData) =>
      createHash('sha256')
        .update(await rasterise(drawChart(given)))
        .digest('hex');
    const [one, again, other] = await Promise.all([
      hash(data()),
      hash(data()),
      hash(data({ priceUsdE6: 3_002_000_000 })),
    ]);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it('draws the newest candles only, one box each', () => {
    const boxes = (count: number) =>
      drawChart(data({ candles: Array.from({ length: count }, (_, index) => candle(index, 3000 + index)) })).match(
        /<rect/g,
      )?.length ?? 0;
    expect(boxes(20) - boxes(10)).toBe(20);
    expect(boxes(600)).toBe(boxes(MOST_CANDLES));
  });
});

const anyPrice = fc.integer({ min: 0, max: 2 ** 50 });
it('holds finite coordinates within the picture, whatever the data', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ open: anyPrice, close: anyPrice, up: fc.nat(1e9), down: fc.nat(1e9), volume: anyPrice }), {
        maxLength: 160,
      }),
      anyPrice,
      fc.option(anyPrice),
      fc.tuple(anyPrice, anyPrice),
      fc.constantFrom(60, 300, 3600, 86_400),
      (moves, priceUsdE6, vwapUsdE6, [lowerUsdE6, upperUsdE6], candleSeconds) => {
        const candles = moves.map(({ open, close, up, down, volume }, index) => ({
          startS: 1_767_484_800 + index * candleSeconds,
          open,
          close,
          high: Math.max(open, close) + up,
          low: Math.max(0, Math.min(open, close) - down),
          volumeUsdE6: volume,
          swaps: 1,
        }));
        const range = { lowerUsdE6: Math.min(lowerUsdE6, upperUsdE6), upperUsdE6: Math.max(lowerUsdE6, upperUsdE6) };
        const svg = drawChart({ candles, candleSeconds, priceUsdE6, vwapUsdE6, range });
        expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
        for (const [, y] of svg.matchAll(/ y\d?="([^"]*)"/g)) {
          expect(Number(y)).toBeGreaterThanOrEqual(0);
          expect(Number(y)).toBeLessThanOrEqual(600);
        }
      },
    ),
    { numRuns: 200 },
  );
});
