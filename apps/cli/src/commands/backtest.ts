import { writeFile } from 'node:fs/promises';
import { applyTrial, SettingError } from '@rangeward/backtest/apply-trial';
import { formatBacktest } from '@rangeward/backtest/format-backtest';
import { loadRecording } from '@rangeward/backtest/load-recording';
import type { Market } from '@rangeward/backtest/market';
import { reportData } from '@rangeward/backtest/report-data';
import { reportPage } from '@rangeward/backtest/report-page';
import { runBacktest } from '@rangeward/backtest/run-backtest';
import { type Grid, trialsOf } from '@rangeward/backtest/search-grid';
import { createSimulatedMarket } from '@rangeward/backtest/simulated-market';
import { decisionSettings } from '@rangeward/decision/config';
import { configFiles } from '@rangeward/host/config-files';
import { marketDataSettings } from '@rangeward/market-data/config';
import { RecordingError } from '@rangeward/recording/recording-error';
import { loadConfig } from '@rangeward/service/config';
import { settings as signalService } from '@rangeward/signal/config';
import { CommandFailure } from '../command-failure.ts';
import { environment } from '../config.ts';
import { exitCodes, printJson } from '../output.ts';
import type { Screen } from '../story/print-story.ts';
import { wholeConfig } from './config.ts';

export type BacktestFlags = {
  readonly recording?: string;
  readonly market: 'calm' | 'normal' | 'volatile';
  readonly days: number;
  readonly seed: number;
  readonly capital: number;
  readonly every: number;
  readonly breach: boolean;
  readonly latency: number;
  readonly width: number;
  readonly warmUp?: number;
  readonly gasGwei: number;
  readonly fee: number;
  readonly stable: 'token0' | 'token1';
  readonly protocolFee: number;
  readonly set: readonly string[];
  readonly grid: readonly string[];
  readonly folds: number;
  readonly lookAhead: number;
  readonly replay: 'whole' | 'price-path';
  readonly html?: string;
  readonly config?: string;
  readonly json: boolean;
};

const DAY_S = 86_400;
const MOST_DAYS = 120;

/** Runs the production decisions on the past and says what would have come of them, beside simpler strategies. */
export async function backtest(flags: BacktestFlags, screen: Screen): Promise<void> {
  checkFlags(flags);
  const own = ownSettings(flags);
  const grid: Grid = new Map(flags.grid.map((text) => gridLine(text)));
  for (const trial of trialsOf(grid)) said(() => applyTrial(own, trial));
  const market = await openMarket(flags);
  const result = said(() =>
    runBacktest(market, {
      own,
      capitalUsd: flags.capital,
      latencyS: flags.latency,
      warmUpS: warmUpOf(flags, market),
      halfWidthTicks: Math.round(Math.log(1 + flags.width / 100) / Math.log(1.0001)),
      lookAheadChecks: flags.lookAhead,
      grid,
      folds: flags.folds,
    }),
  );
  const data = reportData(result);
  if (flags.html !== undefined) await writeFile(flags.html, await reportPage(data));
  if (flags.json) return printJson(screen, data);
  screen.write(formatBacktest(result));
  screen.write(`\n${nextSteps(flags)}`);
}

function checkFlags({ days, every, folds, capital, recording, width }: BacktestFlags): void {
  const wrong = (text: string) => {
    throw new CommandFailure(text, exitCodes.usage);
  };
  if (recording === undefined && (days < 1 || days > MOST_DAYS)) {
    wrong(`--days must be from 1 to ${MOST_DAYS}; for longer pasts use a recording (rangeward record)`);
  }
  if (every < 60) wrong('--every must be 60 seconds or more');
  if (capital <= 0) wrong('--capital must be above 0');
  if (width <= 0) wrong('--width must be above 0');
  if (!Number.isInteger(folds) || folds < 1) wrong('--folds must be a whole number, 1 or more');
}

/** What the services would run with, and on top what --set says. */
function ownSettings(flags: BacktestFlags) {
  const files = flags.config === undefined ? configFiles(environment) : [flags.config];
  const config =
    files.length === 0
      ? null
      : loadConfig({ schema: wholeConfig, files, env: environment, knownSections: ['telemetry'] }).config;
  const base = {
    signal: config?.signal ?? signalService.shape.signal.parse(undefined),
    decision: config?.decision ?? decisionSettings.parse({}),
    marketData: config?.marketData ?? marketDataSettings.parse({}),
    everyS: flags.every,
    onBreach: flags.breach,
  };
  const changes = Object.fromEntries(flags.set.map((text) => pair(text, '--set coverage=0.9')));
  return said(() => applyTrial(base, changes));
}

function gridLine(text: string): readonly [string, readonly string[]] {
  const [name, values] = pair(text, '--grid coverage=0.8,0.9');
  return [name, values.split(',')];
}

function pair(text: string, example: string): readonly [string, string] {
  const [name = '', ...rest] = text.split('=');
  if (name === '' || rest.length === 0) {
    throw new CommandFailure(`expected a setting and its value like ${example}, found "${text}"`, exitCodes.usage);
  }
  return [name, rest.join('=')];
}

async function openMarket(flags: BacktestFlags): Promise<Market> {
  const { recording, market: regime, seed, days, gasGwei, fee, replay, protocolFee: protocolPart } = flags;
  if (recording === undefined) {
    const warmUpS = (flags.warmUp ?? 24) * 3600;
    return said(() => createSimulatedMarket({ regime, seed, days, warmUpS, protocolPart }));
  }
  const stable = flags.stable === 'token0' ? 0 : 1;
  try {
    return await loadRecording(recording, { gasGwei, feePips: fee, stable, protocolPart, replay });
  } catch (error) {
    if (error instanceof RecordingError || error instanceof RangeError) throw new CommandFailure(error.message);
    throw error;
  }
}

/** A seeded market has its own day before the first; of a recording the first tenth is looked back on, at most a day. */
function warmUpOf({ warmUp, recording }: BacktestFlags, { firstS, lastS }: Market): number {
  if (warmUp !== undefined) return warmUp * 3600;
  return recording === undefined ? DAY_S : Math.min(DAY_S, Math.floor((lastS - firstS) / 10));
}

/** What a person can put right is said without a stack. */
function said<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SettingError) throw new CommandFailure(error.message, exitCodes.usage);
    if (error instanceof RangeError) throw new CommandFailure(error.message);
    throw error;
  }
}

function nextSteps(flags: BacktestFlags): string {
  const steps = [
    ...(flags.html === undefined
      ? ['--html report.html      charts, and every decision with its gates and options']
      : []),
    ...(flags.recording === undefined
      ? ['--market volatile       another market; --days 30 for longer, --seed 4 for another past of the same kind']
      : []),
    ...(flags.grid.length === 0 ? ['--grid coverage=0.8,0.9 a search, judged where it had no say'] : []),
    ...(flags.recording === undefined
      ? ['--recording FILE        a real pool’s past: `rangeward record` makes one']
      : []),
  ];
  const page = flags.html === undefined ? '' : `The page is in ${flags.html}.\n`;
  return `${page}Next:\n${steps.map((step) => `  ${step}`).join('\n')}\n`;
}
