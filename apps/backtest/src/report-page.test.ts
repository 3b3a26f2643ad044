import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownDefaults } from '../test/sample-run.ts';
import { formatBacktest } from './format-backtest.ts';
import { reportData } from './report-data.ts';
import { reportPage } from './report-page.ts';
import { runBacktest } from './run-backtest.ts';
import { createSimulatedMarket } from './simulated-market.ts';

const market = createSimulatedMarket({ regime: 'normal', seed: 3, days: 0.5, warmUpS: 3600 });
const backtest = runBacktest(
  { ...market, about: '</script><img src=x onerror=alert(1)>' },
  {
    own: ownDefaults(),
    ...{ capitalUsd: 10_000, latencyS: 24, warmUpS: 3600, halfWidthTicks: 100, lookAheadChecks: 2, folds: 1 },
    grid: new Map([['coverage', ['0.8', '0.95']]]),
  },
);
const data = reportData(backtest);
let page = '';

beforeAll(async () => {
  page = await reportPage(data);
});

describe('the page', () => {
  it('carries the very figures of --json', () => {
    const packed = /<script type="text\/plain" id="data">([^<]+)<\/script>/.exec(page)?.[1] ?? '';
    const figures: unknown = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString());
    expect(figures).toEqual(JSON.parse(JSON.stringify(data)));
  });

  it('asks the network for nothing and forbids it', () => {
    expect(page.match(/(src|href)=["']?(https?:)?\/\//g)).toBeNull();
    expect(page).toContain("default-src 'none'");
    expect(page).not.toContain('onerror');
  });

  it('is one script without imports whose names are all different', () => {
    const script = /<script type="module">([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
    expect(script).not.toMatch(/^(import|export) /m);
    const names = [...script.matchAll(/^(?:async )?(?:function|const|let) (\w+)/gm)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has every decision with its gates, its options and the view', () => {
    const [ours] = data.strategies;
    expect(ours?.decisions.length).toBeGreaterThan(10);
    for (const { gates, options, view } of ours?.decisions ?? []) {
      expect(gates.length).toBeGreaterThan(5);
      expect(options.length).toBeGreaterThan(2);
      expect(view?.posterior.sigmaLog).toBeGreaterThan(0);
    }
  });
});

it('says the same in a terminal: the parts, their sum, the views, the check and the search', () => {
  const text = formatBacktest(backtest);
  expect(text).toContain('all came out the same');
  expect(text).toMatch(/coverage=0\.(8|95)/);
  expect(text).toContain('too short to say');
  const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/));
  const row = (name: string) =>
    (lines.findLast(([first]) => first === name) ?? []).slice(1).map((cell) => Number(cell.replaceAll(',', '')));
  const parts = ['fees', 'price (HODL)', 'IL realised', 'IL unrealised', 'IL carried', 'swap cost', 'gas'].map(row);
  for (const [column, change] of row('= change').entries()) {
    const sum = parts.reduce((total, part) => total + (part[column] ?? Number.NaN), 0);
    // Seven rounded cents.
    expect(Math.abs(sum - change)).toBeLessThan(0.04);
  }
});
