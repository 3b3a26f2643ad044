import { ownStrategy } from '@rangeward/backtest/own-strategy';
import { usdcWethTerms } from '@rangeward/backtest/pool-terms';
import { createPricePathMarket, type PricePath } from '@rangeward/backtest/price-path-market';
import { pathOfPrices } from '@rangeward/backtest/price-series';
import { runStrategy } from '@rangeward/backtest/run-strategy';
import { decisionSettings } from '@rangeward/decision/config';
import { seededRandom } from '@rangeward/localnet/market-random';
import { marketDataSettings } from '@rangeward/market-data/config';
import { settings as signalService } from '@rangeward/signal/config';
import type { Bench } from '../figure.ts';
import { median } from '../statistics.ts';

const MINUTES = 525_600;
const ROUNDS = 5;
const START_S = 1_735_689_600;
const LIQUIDITY = 1.16e19;
const ANNUAL_VOLATILITY = 0.6;

export const backtest: Bench = {
  name: 'backtest',
  about: 'a year of minutes with hourly decisions by the production code, one strategy, on one core',
  run: async ({ say }) => {
    const terms = usdcWethTerms({ stable: 0 });
    const path = pathOfPrices(terms, { startS: START_S, stepS: 60, pricesUsd: yearOfMinutes(), liquidity: LIQUIDITY });
    const gas = { about: 'one gwei', baseFeeWei: () => 10n ** 9n, priorityFeeWei: 0n, l1FeeWei: 0n };
    const market = createPricePathMarket({ about: 'a year', method: 'price path', terms, path, gas });
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      let decisions = 0;
      ours.push(
        secondsOf(() => {
          decisions = decideEveryHour(market);
        }),
      );
      bare.push(secondsOf(() => void loopOver(path)));
      if (round === 0) say(`${decisions} decisions over ${MINUTES} minutes`);
    }
    return [
      {
        name: 'backtest of a year of minutes, hourly decisions',
        unit: 's',
        ours: median(ours),
        reference: { name: 'typed-array loop of the same steps', value: median(bare) },
        goal: { of: 'value', better: 'less', reach: 1, stretch: 0.3 },
      },
    ];
  },
};

function decideEveryHour(market: ReturnType<typeof createPricePathMarket>) {
  const marketData = marketDataSettings.parse({});
  const decision = decisionSettings.parse({});
  const signal = signalService.shape.signal.parse(undefined);
  const strategy = ownStrategy({ signal, decision, marketData, everyS: 3600, onBreach: false });
  const span = { startS: market.firstS + 3600, endS: market.lastS };
  const capitalUsdE6 = 10_000_000_000;
  const options = { ...span, capitalUsdE6, latencyS: 24, marketData, gasUnits: decision.gas, points: 480 };
  return runStrategy(market, strategy, { ...options, keepDecisions: false }).runs;
}

function yearOfMinutes(): Float64Array {
  const random = seededRandom(11);
  const step = ANNUAL_VOLATILITY / Math.sqrt(MINUTES);
  let log = Math.log(3000);
  return Float64Array.from({ length: MINUTES }, () => {
    log += step * random.normal();
    return Math.exp(log);
  });
}

/** What no backtest of a price path can do without: clamp to a range, and the fees of each step. */
function loopOver({ columns: { sqrtPrice, length } }: PricePath): number {
  const [low, high] = [(sqrtPrice[0] ?? 1) * 0.9, (sqrtPrice[0] ?? 1) * 1.1];
  let before = sqrtPrice[0] ?? 1;
  let fees0 = 0;
  let fees1 = 0;
  for (let at = 1; at < length; at += 1) {
    const price = sqrtPrice[at] ?? 1;
    const now = Math.min(high, Math.max(low, price));
    if (now < before) fees0 += 1 / now - 1 / before;
    else fees1 += now - before;
    before = now;
  }
  return fees0 + fees1;
}

function secondsOf(work: () => void): number {
  const beforeMs = performance.now();
  work();
  return (performance.now() - beforeMs) / 1000;
}
