import type { EventData, marketObserved, Prior, ViewSettings } from '@rangeward/contracts';
import { stableUsdE6RoundingDown } from '@rangeward/uniswap-v3/price';
import { usdE6FromLog } from './log-price-axis.ts';

export type PriorSettings = ViewSettings['prior'];

type Observed = EventData<typeof marketObserved>;

/**
 * The volume-weighted view of where the price will be at the horizon, from the trades of the rolling window alone.
 * Centre: mean of the blocks' log prices, weighted by dollars traded. Scale: what a random walk that spread this much
 * about its own mean within the window would be off that mean by at the horizon, never below the floor.
 * `blockTimeS` is the chain's, `horizonS` how far ahead the view reaches, both seconds.
 */
export function computePrior(
  observed: Observed,
  settings: PriorSettings,
  span: { readonly horizonS: number; readonly blockTimeS: number },
): Prior {
  const widening = observed.run.trigger === 'volatility' ? settings.volatilityWidening : 1;
  const trades = weighTrades(observed);
  const shared = {
    windowBlocks: observed.vwapWindowBlocks,
    blocksWithTrades: trades.blocks,
    volumeUsdE6: trades.volumeUsdE6,
    widening,
  };
  if (trades.blocks === 0) {
    const spot = observed.market.pool.priceUsdE6;
    const centerLog = Math.log(Math.max(1, spot) / 1e6);
    return { centerLog, centerUsdE6: spot, sigmaLog: settings.spotSigmaLog * widening, source: 'spot', ...shared };
  }
  const windowS = observed.vwapWindowBlocks * span.blockTimeS;
  const ahead = Math.sqrt(trades.variance * varianceAheadPerVarianceWithin(span.horizonS / windowS));
  return {
    centerLog: trades.meanLog,
    centerUsdE6: usdE6FromLog(trades.meanLog),
    sigmaLog: Math.max(settings.minSigmaLog, ahead) * widening,
    source: 'vwap',
    ...shared,
  };
}

/**
 * For a random walk of variance v a second, the variance about its own mean over T seconds is v T / 6, that of its end
 * against this mean v T / 3, and a horizon of h seconds adds v h. So the ratio wanted is (h + T/3) / (T/6) = 6 h/T + 2.
 */
function varianceAheadPerVarianceWithin(horizonPerWindow: number): number {
  return 6 * horizonPerWindow + 2;
}

/** Blocks with trades, their dollar-weighted mean and variance of log price, dollars traded (rounded down). */
function weighTrades(observed: Observed): { blocks: number; meanLog: number; variance: number; volumeUsdE6: number } {
  const { pool } = observed.market;
  const [stable, volatile] = pool.stable === 0 ? [pool.token0, pool.token1] : [pool.token1, pool.token0];
  const toDollars = (volatile.decimals - stable.decimals) * Math.LN10;
  const logs: number[] = [];
  const weights: number[] = [];
  let total = 0;
  let raw = 0n;
  for (const block of observed.vwapWindow) {
    if (block.volatile <= 0n || block.stable <= 0n) continue;
    const weight = Number(block.stable);
    logs.push(Math.log(weight / Number(block.volatile)) + toDollars);
    weights.push(weight);
    total += weight;
    raw += block.stable;
  }
  let meanLog = 0;
  for (let index = 0; index < logs.length; index++) meanLog += (logs[index] ?? 0) * ((weights[index] ?? 0) / total);
  let variance = 0;
  for (let index = 0; index < logs.length; index++) {
    variance += ((logs[index] ?? 0) - meanLog) ** 2 * ((weights[index] ?? 0) / total);
  }
  const volumeUsdE6 = Number(stableUsdE6RoundingDown(raw, stable.decimals));
  return { blocks: logs.length, meanLog, variance, volumeUsdE6: Math.min(Number.MAX_SAFE_INTEGER, volumeUsdE6) };
}
