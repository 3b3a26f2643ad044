import type { EventData, marketObserved, Prior } from '@rangeward/contracts';
import { stableUsdE6RoundingDown } from '@rangeward/uniswap-v3/price';
import { usdE6FromLog } from './log-price-axis.ts';

export type PriorSettings = {
  /** Least scale of the prior, natural logarithm of the price: a calm window is no proof of a calm hour. */
  readonly minSigmaLog: number;
  /** Scale when the window had no trades and the centre is the pool's own price. */
  readonly spotSigmaLog: number;
  /** Factor on the scale under a volatility trigger. */
  readonly volatilityWidening: number;
};

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
  const traded = observed.vwapWindow.filter((block) => block.volatile > 0n && block.stable > 0n);
  const logs = traded.map((block) => Math.log(Number(block.stable) / Number(block.volatile)) + toDollars);
  const weights = traded.map((block) => Number(block.stable));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (values: readonly number[]) =>
    total === 0 ? 0 : values.reduce((sum, value, index) => sum + value * ((weights[index] ?? 0) / total), 0);
  const meanLog = mean(logs);
  const raw = traded.reduce((sum, block) => sum + block.stable, 0n);
  const volumeUsdE6 = Number(stableUsdE6RoundingDown(raw, stable.decimals));
  return {
    blocks: traded.length,
    meanLog,
    variance: mean(logs.map((value) => (value - meanLog) ** 2)),
    volumeUsdE6: Math.min(Number.MAX_SAFE_INTEGER, volumeUsdE6),
  };
}
