import type { EventData, Market, marketObserved, Prior, recommendation } from '@rangeward/contracts';
import { logPriceAtTick, logPriceAxis, usdE6FromLog } from '../log-price-axis.ts';
import { type ChartData, dollars } from './draw-chart.ts';

/** Goes up whenever the words, the chart or the schema change: a record belongs to what was asked. */
export const PROMPT_VERSION = 1;

type Observed = EventData<typeof marketObserved>;
type OwnView = Pick<EventData<typeof recommendation>, 'posterior' | 'range' | 'likelihood'>;

export const SYSTEM_PROMPT = `You judge the price of one volatile token in US dollars on a decentralised exchange, for a strategy that provides liquidity in a range of prices.

You are given a candle chart (times in UTC) and a list of numbers, all measured by the system itself. The statistical view among them is what the system will use if you say nothing. Your answer is recorded and scored against the price at the end of the horizon; most hours hold nothing that improves on the statistical view, and saying so (flat, low, unchanged) is a good answer.

Answer with exactly these four:
- direction: where the price will be at the end of the horizon against the price now (down, flat, up);
- confidence: how sure you are (low, medium, high);
- regime: the market over the horizon (calm, normal, volatile, or unclear);
- width: whether the range of outcomes should be narrower than, unchanged from or wider than the statistical view.`;

/** What the chart shows of an observation. */
export function chartDataOf(observed: Observed, prior: Prior): ChartData {
  return {
    candles: observed.candles,
    candleSeconds: observed.candleSeconds,
    priceUsdE6: observed.market.pool.priceUsdE6,
    range: positionRange(observed.market),
    vwapUsdE6: prior.source === 'vwap' ? prior.centerUsdE6 : null,
  };
}

/**
 * The numbers of a run in words. Nothing but numbers and our own fixed words goes in: names of tokens belong to whoever
 * made the token, and are never part of what a model reads.
 */
export function writePrompt(observed: Observed, prior: Prior, own: OwnView): string {
  const { market } = observed;
  const range = positionRange(market);
  const { posterior, likelihood } = own;
  const minutes = Math.round(posterior.horizonS / 60);
  const lines = [
    `price now: ${dollars(market.pool.priceUsdE6)} USD`,
    `time of the price: ${market.block.time}`,
    `horizon: ${minutes} minutes`,
    `range of the position: ${dollars(range.lowerUsdE6)} to ${dollars(range.upperUsdE6)} USD, the price is ${market.position.inRange ? 'inside' : 'outside'}`,
    `volume-weighted mean price: ${prior.source === 'vwap' ? `${dollars(prior.centerUsdE6)} USD over ${prior.windowBlocks} blocks, ${prior.blocksWithTrades} of them with trades, ${Math.round(prior.volumeUsdE6 / 1e6)} USD traded` : 'nothing was traded'}`,
    `realised volatility, recent: ${yearly(observed.realisedAnnual)}; usual: ${yearly(observed.normalAnnual)}; estimated for the horizon: ${yearly(likelihood.volatilityAnnual)}`,
    ...changes(observed),
    `statistical view of the price in ${minutes} minutes: centre ${dollars(posterior.centerUsdE6)} USD, standard deviation ${percent(posterior.sigmaLog)}`,
    `its range of ${Math.round(own.range.coverage * 100)} %: ${dollars(own.range.lowerUsdE6)} to ${dollars(own.range.upperUsdE6)} USD`,
    `why the system looks now: ${observed.run.trigger}`,
  ];
  return `${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

/** In dollars from low to high, in either token order. */
function positionRange({ pool, position }: Market): ChartData['range'] {
  const axis = logPriceAxis(pool);
  const ends = [position.tickLower, position.tickUpper].map((tick) => usdE6FromLog(logPriceAtTick(axis, tick)));
  return { lowerUsdE6: Math.min(...ends), upperUsdE6: Math.max(...ends) };
}

/** Change of the price over the last hours, as far as the candles reach. */
function changes({ candles, candleSeconds }: Observed): string[] {
  const last = candles.at(-1)?.close ?? 0;
  return [1, 4, 12, 24].flatMap((hours) => {
    const before = candles.at(-1 - (hours * 3600) / candleSeconds)?.close ?? 0;
    return before > 0 && last > 0 ? [`change over ${hours} h: ${percent(last / before - 1)}`] : [];
  });
}

const percent = (share: number) => `${(share * 100).toFixed(3)} %`;
const yearly = (share: number | null) => (share === null ? 'not known' : `${(share * 100).toFixed(1)} % a year`);
