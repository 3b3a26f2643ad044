import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { autonomyLevels, tradingModes } from '@rangeward/contracts';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

const usd = (dollars: number, description: string) =>
  z.number().nonnegative().max(1e9).default(dollars).describe(`${description}, USD`);
const bps = (value: number, description: string) =>
  z.int().nonnegative().max(1_000_000).default(value).describe(`${description}, 1/100 of a percent`);

/** When it is worth moving a position, and how much may be spent on it. */
export const decisionSettings = z.strictObject({
  move: z
    .strictObject({
      bufferTicks: z
        .int()
        .nonnegative()
        .default(10)
        .describe('a price this little outside is no reason to move, as for the breach that wakes a run'),
      edgeMarginTicks: z
        .int()
        .nonnegative()
        .default(0)
        .describe('above 0 a price this close to an edge counts as out already, and the buffer does not count'),
      priceGapTicks: z
        .int()
        .nonnegative()
        .default(10)
        .describe('a range without a swap keeps its ends so far from the price, which moves until it is minted'),
      alternatives: z
        .boolean()
        .default(true)
        .describe('move also to another range of the view or a wider one, where that nets more a day; all are priced'),
      maxOverlapBps: bps(5000, 'in range, move only when the new and the old range share at most this much'),
      sameRangeBps: bps(9000, 'ranges that share at least this much are the same range: never move'),
    })
    .prefault({}),
  value: z
    .strictObject({
      horizonS: z
        .int()
        .min(600)
        .max(2_592_000)
        .default(604_800)
        .describe('most that an option is priced over, seconds; a range that lasts less is priced over its own life'),
      lvrWeight: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe(
          'share of the expected loss against rebalancing that counts; below 1 a market that pays too little looks better',
        ),
      lvrErrorBps: bps(
        1000,
        'standard error of the expected loss, as 288 returns with heavy tails tell it: a move must net so much of its loss more',
      ),
      minNetGainUsd: usd(0, 'least that a move must net more than holding over that time'),
      minPositionUsd: usd(100, 'least value of a position that is managed'),
      maxCostBps: bps(100, 'most that a move may cost of the position’s value'),
      minYearlyGainUsd: usd(10, 'least gain a year of a move, its cost taken off'),
      minApyImprovementBps: bps(50, 'least improvement of the yearly yield'),
      maxBreakEvenDays: z.number().positive().default(30).describe('longest time in which a move may earn its cost'),
      swapImpactBps: bps(5, 'least price impact expected of a swap for which there is no quote, beside the pool’s fee'),
      collect: z
        .boolean()
        .default(false)
        .describe('collect fees while holding, for who wants them in the wallet: they earn nothing there'),
      collectGasMultiple: z
        .number()
        .positive()
        .default(10)
        .describe('collect when fees are worth this many times the gas'),
      minCollectUsd: usd(1, 'least fees worth collecting'),
    })
    .prefault({}),
  exit: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('leave the pool when every option loses; going back in is then up to a person'),
      minVolatilityAnnual: z.number().min(0).max(100).default(1).describe('only at this volatility a year, 1 = 100 %'),
      minLossBps: bps(10, 'only when the best of the other options loses this much of the position a day'),
    })
    .prefault({}),
  guard: z
    .strictObject({
      maxTwapDeviationTicks: z
        .int()
        .positive()
        .default(100)
        .describe('most the tick may differ from its time-weighted mean'),
      minTwapWindowS: z.int().nonnegative().default(60).describe('shortest window of that mean that counts'),
      allowMissingTwap: z
        .boolean()
        .default(false)
        .describe('trade live although the pool’s oracle cannot answer; dangerous, off unless you know the pool'),
      allowIncompleteFeed: z
        .boolean()
        .default(false)
        .describe('trade live although logs are missing in the look-back; what the fees are worth is then a guess'),
      maxBlockAgeS: z
        .int()
        .positive()
        .default(300)
        .describe('oldest block to decide on, where the chain’s clock is real'),
      minTimeLeftS: z.int().nonnegative().default(30).describe('least time before the run’s deadline to begin a plan'),
    })
    .prefault({}),
  gas: z
    .strictObject({
      rebalanceUnits: z
        .int()
        .positive()
        .default(1_150_000)
        .describe('gas of withdraw, approve, swap, mint and taking approvals back together'),
      rebalanceWithoutSwapUnits: z.int().positive().default(900_000).describe('the same without router and swap'),
      collectUnits: z.int().positive().default(200_000).describe('gas of collecting fees'),
      exitUnits: z.int().positive().default(300_000).describe('gas of taking everything out'),
      marginBps: bps(2500, 'added to the expected cost of gas'),
      reserveBps: z
        .int()
        .min(10_000)
        .default(25_000)
        .describe('reserved of the expected cost, 1/100 of a percent; room for replaced transactions'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      rebalancesPerDay: z
        .int()
        .min(1)
        .max(20)
        .default(5)
        .describe('rebalances in any 24 hours, all positions together'),
      gasUsdPerDay: usd(50, 'gas in any 24 hours, all positions together'),
      notionalUsdPerDay: usd(
        1_000_000,
        'value of the positions that are moved in any 24 hours, one moved twice counts twice',
      ),
    })
    .prefault({}),
  plan: z
    .strictObject({
      ttlS: z.int().positive().default(240).describe('how long the executor may begin the plan, seconds'),
      maxSlippageBps: z.int().min(1).max(1000).default(50).describe('for withdraw, swap and mint'),
      maxTickDeviation: z.int().positive().default(100).describe('most the tick may have moved when a step is sent'),
      deadlineS: z.int().positive().default(600).describe('block time that each transaction stays valid, seconds'),
    })
    .prefault({}),
});
export type DecisionSettings = z.output<typeof decisionSettings>;

export const settings = z.strictObject({
  ...processSettings,
  mode: z.enum(tradingModes).default('paper').describe('a live run in a paper installation does nothing'),
  autonomy: z
    .enum(autonomyLevels)
    .optional()
    .describe('observe, propose (a person approves) or act; act on local chains and propose elsewhere when absent'),
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  decision: decisionSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;
