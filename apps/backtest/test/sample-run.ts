import { decisionSettings } from '@rangeward/decision/config';
import { marketDataSettings } from '@rangeward/market-data/config';
import { settings as signalService } from '@rangeward/signal/config';
import type { Market } from '../src/market.ts';
import type { OwnSettings } from '../src/own-strategy.ts';
import type { RunOptions } from '../src/run-strategy.ts';

/** The services' defaults, hourly and on breaches. */
export function ownDefaults(): OwnSettings {
  return {
    signal: signalService.shape.signal.parse(undefined),
    decision: decisionSettings.parse({}),
    marketData: marketDataSettings.parse({}),
    everyS: 3600,
    onBreach: true,
  };
}

/** Ten thousand dollars from so many seconds after the beginning to the end. */
export function sampleOptions(market: Market, warmUpS: number, given: Partial<RunOptions> = {}): RunOptions {
  const { marketData, decision } = ownDefaults();
  return {
    ...{ startS: market.firstS + warmUpS, endS: market.lastS, capitalUsdE6: 10_000_000_000, latencyS: 24 },
    ...{ marketData, gasUnits: decision.gas, points: 10, keepDecisions: true },
    ...given,
  };
}
