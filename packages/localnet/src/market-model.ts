import type { AmountSwap, MarketBlock, MarketSwap } from './market-block.ts';
import { type Random, seededRandom } from './market-random.ts';

/**
 * A market for USDC/WETH 0.05 % that never ends and can be repeated.
 *
 * There is a price elsewhere (the external price), which moves every block: a random walk of the logarithm whose
 * variance clusters (GARCH) and follows the time of day, with jumps. There are people who trade whatever the price is
 * (noise), and there is an arbitrageur who brings the pool back towards the external price whenever the gap pays. So a
 * liquidity provider earns fees from the first and loses to the second, as on the real chain.
 *
 * Every figure named "measured" comes from one real day: all swaps of the mainnet pool 0x88e6...5640 on 2024-01-05
 * (6,046 swaps, 247 million dollars, 7,098 blocks).
 */
export type MarketOptions = {
  /** Unix seconds of the first block. */
  readonly startTimestampS: number;
  /** External price before the first block, micro-dollars per WETH. */
  readonly startPriceUsdE6: bigint;
  /** Standard deviation of the logarithm of the price over a year, jumps included; 1.0 is 100 %. */
  readonly annualVolatility: number;
  /** Part of the variance that comes in jumps, and how many of them there are on a mean day. */
  readonly jumpVarianceShare: number;
  readonly jumpsPerDay: number;
  /** Noise swaps per block on the mean over a day. */
  readonly noiseSwapsPerBlock: number;
  /** Median and spread (standard deviation of the logarithm) of a noise swap, and the largest one let through. */
  readonly noiseMedianUsd: number;
  readonly noiseLogSpread: number;
  readonly noiseLargestUsd: number;
  /** See ArbitrageSwap. */
  readonly arbitrageTriggerBps: number;
  readonly arbitrageStopBps: number;
};

const blockTimeS = 12;
const secondsPerDay = 86_400;
const blocksPerYear = (365.25 * secondsPerDay) / blockTimeS;

/**
 * - Volatility: the measured day had 0.40 to 0.57, depending on the sampling. The default is twice that, so that a range
 *   of 1 % to each side is left after about an hour of market time (mean 57 minutes, median 43 over 400 seeds).
 * - Jumps: the measured day had a handful of moves of 1 to 2 % within five minutes, against 0.17 % typical; four jumps a
 *   day with a tenth of the variance give returns with tails of that kind.
 * - Noise: a mixture of two log-normal distributions fits the measured sizes. 88 % of the swaps have a median of 1,938
 *   dollars and a log spread of 2.30: those are the noise. The other 12 % lie close around 117,000 dollars: those are the
 *   arbitrageurs, and here they follow from the price instead of a distribution. 0.852 swaps a block times 88 % is 0.75.
 * - Largest noise swap: measured swaps beyond some 400,000 dollars went along with moves that stayed, so here too they are
 *   the arbitrageur's after a jump. Letting them through as noise doubles the volatility from block to block.
 * - Arbitrage: 5 bps is the pool's fee. With a trigger of 7.5 bps, the measured volatility and a pool as deep as the
 *   measured one (liquidity 1.16e19) the model gives 0.89 swaps a block, a median arbitrage of 128,000 dollars and 252
 *   million dollars a day, against 0.85, 117,000 and 247 million measured.
 */
export const defaultMarketOptions: MarketOptions = {
  startTimestampS: 1_767_225_600,
  startPriceUsdE6: 3_000_000_000n,
  annualVolatility: 1.0,
  jumpVarianceShare: 0.1,
  jumpsPerDay: 4,
  noiseSwapsPerBlock: 0.75,
  noiseMedianUsd: 1_938,
  noiseLogSpread: 2.296,
  noiseLargestUsd: 400_000,
  arbitrageTriggerBps: 7.5,
  arbitrageStopBps: 5,
};

/**
 * Three kinds of market: half, once and twice the default volatility; what is volatile has more jumps, and more of its
 * variance in them.
 */
export const marketRegimes = {
  calm: { annualVolatility: 0.5, jumpsPerDay: 2 },
  normal: {},
  volatile: { annualVolatility: 2.0, jumpsPerDay: 8, jumpVarianceShare: 0.2 },
} as const satisfies Readonly<Record<string, Partial<MarketOptions>>>;
export type MarketRegime = keyof typeof marketRegimes;

/**
 * Endless market blocks, twelve seconds apart; stop by leaving the loop. The same seed and options give the same blocks.
 * The arbitrageur's order, when there is one to consider, is the first of its block, as on mainnet.
 */
export function* marketBlocks(seed: number, overrides: Partial<MarketOptions> = {}): Generator<MarketBlock, never> {
  const options = { ...defaultMarketOptions, ...overrides };
  const random = seededRandom(seed);
  const nextReturn = returnProcess(random, options);
  let logPrice = Math.log(Number(options.startPriceUsdE6));
  for (let timestampS = options.startTimestampS; ; timestampS += blockTimeS) {
    const activity = dailyShape(timestampS);
    logPrice += nextReturn(activity);
    const arbitrage: MarketSwap = {
      kind: 'arbitrage',
      priceUsdE6: BigInt(Math.round(Math.exp(logPrice))),
      triggerBps: options.arbitrageTriggerBps,
      stopBps: options.arbitrageStopBps,
    };
    const arrivals = random.poisson(options.noiseSwapsPerBlock * activity);
    const noise = Array.from({ length: arrivals }, () => noiseSwap(random, options));
    yield { timestampS, swaps: [arbitrage, ...noise] };
  }
}

/**
 * Activity over the day, mean about 1: the two first harmonics of the logarithm of the measured swaps per half hour
 * (busiest in the first hours of UTC and in the early afternoon; 172 to 326 swaps an hour).
 */
function dailyShape(timestampS: number): number {
  const angle = (2 * Math.PI * (timestampS % secondsPerDay)) / secondsPerDay;
  const harmonics =
    0.05 * Math.cos(angle) - 0.121 * Math.sin(angle) + 0.05 * Math.cos(2 * angle) + 0.135 * Math.sin(2 * angle);
  // The exponential of a wave has a mean a little above 1: for these coefficients 1.0096.
  return Math.exp(harmonics) / 1.0096;
}

/**
 * GARCH(1,1) per block, started at its mean variance, so that the mean over time is the configured volatility. The
 * measured absolute five-minute returns have an autocorrelation of 0.37, 0.16 and 0.03 after one, two and five steps; news
 * 0.12 and memory 0.86 keep half of a burst for 34 blocks (seven minutes). Jumps are drawn beside it and do not feed it, which keeps the mean
 * variance a formula. Activity scales the variance as it scales the arrivals.
 */
function returnProcess(random: Random, options: MarketOptions): (activity: number) => number {
  const [news, memory] = [0.12, 0.86];
  const varianceMean = options.annualVolatility ** 2 / blocksPerYear;
  const diffusionMean = varianceMean * (1 - options.jumpVarianceShare);
  const jumpChance = (options.jumpsPerDay * blockTimeS) / secondsPerDay;
  const jumpDeviation = jumpChance > 0 ? Math.sqrt((varianceMean * options.jumpVarianceShare) / jumpChance) : 0;
  let variance = diffusionMean;
  return (activity) => {
    const diffusion = Math.sqrt(variance) * random.normal();
    variance = (1 - news - memory) * diffusionMean + news * diffusion ** 2 + memory * variance;
    const jump = random.uniform() < jumpChance ? jumpDeviation * random.normal() : 0;
    return Math.sqrt(activity) * diffusion + jump;
  };
}

function noiseSwap(random: Random, options: MarketOptions): AmountSwap {
  const usd = options.noiseMedianUsd * Math.exp(options.noiseLogSpread * random.normal());
  const side = random.uniform() < 0.5 ? 'buy-weth' : 'sell-weth';
  // Below a cent a swap would only be noise in the log, not in the pool.
  return {
    kind: 'amount',
    side,
    amountUsdE6: BigInt(Math.round(1e6 * Math.max(0.01, Math.min(usd, options.noiseLargestUsd)))),
  };
}
