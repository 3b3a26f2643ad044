import { calibrate, compareScores } from '@rangeward/signal/calibrate';
import { describe, expect, it } from 'vitest';
import { observeDefaults, observeTrades } from './observe-trades.ts';
import { recordedDay } from './recorded-day.ts';
import { scoreViews } from './score-views.ts';
import { seededMarket } from './seeded-market.ts';
import { simulateTrades } from './simulate-trades.ts';

const HOUR_S = 3600;

describe('calibration on the seeded market', () => {
  it.each([
    ['calm', 0.5],
    ['normal', 1],
    ['volatile', 2],
  ] as const)('holds what it promises in a %s market, and its CRPS is no worse than the baselines', (regime, truth) => {
    const { moments, trainedAnnual } = seededMarket(regime, { seed: 31, hours: 700, horizonsS: [HOUR_S] });
    expect(Math.abs(Math.log(trainedAnnual / truth))).toBeLessThan(0.2);
    const { ours, ewma, constant } = scoreViews(moments, HOUR_S, trainedAnnual);
    const found = calibrate(ours);
    expect(found.forecasts).toBe(700);
    // Three standard errors of a share over 700 outcomes: what is right fails once in some four hundred seeds.
    for (const { coverage, promised, hitRate, centralHitRate } of found.ranges) {
      const error = Math.sqrt((coverage * (1 - coverage)) / 700);
      expect(Math.abs(hitRate - promised)).toBeLessThan(3 * error);
      expect(Math.abs(centralHitRate - coverage)).toBeLessThan(3 * error);
    }
    // Nine degrees of freedom: 27.9 is passed by one in a thousand.
    const chiSquared = found.pitCounts.reduce((sum, count) => sum + (count - 70) ** 2 / 70, 0);
    expect(chiSquared).toBeLessThan(27.9);
    for (const baseline of [ewma, constant]) {
      const { difference, standardError } = compareScores(ours, baseline, 'crps');
      expect(difference).toBeLessThan(2 * standardError);
    }
    expect(compareScores(ours, ewma, 'logScore').difference).toBeGreaterThan(0);
  });
});

describe('what is observed of simulated trades', () => {
  it('is what market-data would say: whole candles and an unfinished one, the window by block, and no future', () => {
    const trades = [];
    const fromS = 1_767_225_600;
    for (const { timeS, trades: inBlock } of simulateTrades(3, { startTimestampS: fromS })) {
      if (timeS > fromS + 30 * HOUR_S) break;
      trades.push(...inBlock);
    }
    const options = { ...observeDefaults, everyS: HOUR_S + 100, horizonsS: [HOUR_S] };
    const stretch = { fromS, toS: fromS + 30 * HOUR_S, trades };
    const blockAt = (timeS: number) => Math.floor((timeS - fromS) / 12) + 1;
    const moments = observeTrades(stretch, blockAt, options);
    expect(moments.length).toBeGreaterThan(4);
    for (const { observed, nowLog, outcomeLogs } of moments) {
      const nowS = Date.parse(observed.market.block.time) / 1000;
      const [first, last] = [observed.candles[0], observed.candles.at(-1)];
      expect(observed.candles.length).toBeGreaterThanOrEqual(288);
      expect(last?.startS).toBe(Math.floor(nowS / 300) * 300);
      expect((last?.startS ?? 0) - (first?.startS ?? 0)).toBe((observed.candles.length - 1) * 300);
      expect(last?.close).toBe(observed.market.pool.priceUsdE6);
      expect(Math.log(observed.market.pool.priceUsdE6 / 1e6)).toBeCloseTo(nowLog, 12);
      expect(Math.max(...observed.vwapWindow.map(({ block }) => block))).toBeLessThanOrEqual(blockAt(nowS));
      const later = trades.findLast(({ timeS }) => timeS <= nowS + HOUR_S)?.priceUsdE6 ?? 0;
      expect(outcomeLogs.get(HOUR_S)).toBeCloseTo(Math.log(later / 1e6), 12);
      // The same without what came after.
      const known = trades.filter(({ timeS }) => timeS <= nowS);
      const cut = { fromS, toS: nowS, trades: known };
      const again = observeTrades(cut, blockAt, { ...options, horizonsS: [0], everyS: nowS - fromS - 86_400 || 1 });
      expect(again.at(-1)?.observed).toEqual(observed);
    }
  });
});

const day = await recordedDay([HOUR_S]);

describe.skipIf(day === null)('a real day of mainnet (only where ../shared/data is)', () => {
  it('is held by the ranges about as often as they say, as far as one day can tell', () => {
    const { ours, ewma } = scoreViews(day ?? [], HOUR_S, 0.5);
    const { forecasts, ranges } = calibrate(ours);
    expect(forecasts).toBeGreaterThan(240);
    // Two hundred and fifty outcomes that overlap are worth some twenty: bounds of three of their standard errors.
    for (const { coverage, hitRate } of ranges) {
      expect(Math.abs(hitRate - coverage)).toBeLessThan(3 * Math.sqrt((coverage * (1 - coverage)) / 20));
    }
    expect(compareScores(ours, ewma, 'crps').difference).toBeLessThan(0);
  });
});
