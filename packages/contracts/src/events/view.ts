import { z } from 'zod';
import { defineEvent } from '../define-event.ts';
import { priceUsdE6, tickIndex, usdE6 } from '../quantities.ts';
import { market } from './market.ts';
import { run, runAddress } from './run.ts';

/** A normal or Student-t density over the logarithm of the price in dollars (not micro-dollars). */
const logDensity = {
  centerLog: z.number().describe('centre, natural logarithm of the price in USD'),
  sigmaLog: z.number().positive().describe('scale, natural logarithm of the price'),
};

export const prior = z.object({
  ...logDensity,
  centerUsdE6: priceUsdE6('centre of the prior'),
  source: z.enum(['vwap', 'spot']).describe('spot when the window had no trades'),
  windowBlocks: z.int().positive().describe('length of the rolling window in blocks'),
  blocksWithTrades: z.int().nonnegative(),
  volumeUsdE6: usdE6('value traded in the window'),
  widening: z.number().min(1).describe('factor put on the scale; above 1 under a volatility trigger'),
});
export type Prior = z.output<typeof prior>;

export const priorComputed = defineEvent({
  name: 'prior-computed',
  description: 'The volume-weighted view of the price, before any other evidence.',
  stream: 'LP_EVENTS',
  saidBy: ['signal'],
  address: runAddress,
  schema: z.object({ run, prior }),
});

export const likelihood = z.object({
  ...logDensity,
  degreesOfFreedom: z.number().positive().describe('heaviness of the tails of the Student-t'),
  candles: z.int().nonnegative().describe('returns that went in'),
  volatilityAnnual: z.number().nonnegative().describe('annualised volatility estimated from the candles'),
  slowAnnual: z
    .number()
    .nonnegative()
    .optional()
    .describe('annualised volatility of the whole look-back; absent in messages from before there were two'),
  fastAnnual: z
    .number()
    .nonnegative()
    .nullable()
    .optional()
    .describe(
      'annualised volatility of late; null with too few candles; moves the estimate where it departs from the slow',
    ),
  widening: z
    .number()
    .min(1)
    .optional()
    .describe('factor put on the scale; above 1 under a volatility trigger; absent in messages from before it was'),
});

export const posterior = z.object({
  centerUsdE6: priceUsdE6('mean of the posterior'),
  centerLog: z.number(),
  sigmaLog: z.number().positive(),
  horizonS: z.int().positive().describe('how far ahead the view reaches'),
});

export const range = z.object({
  tickLower: tickIndex('lower tick, a multiple of the spacing'),
  tickUpper: tickIndex('upper tick, a multiple of the spacing'),
  coverage: z.number().min(0).max(1).describe('mass asked for'),
  mass: z.number().min(0).max(1).describe('posterior mass that the range holds'),
  lowerUsdE6: priceUsdE6('lower end in dollars'),
  upperUsdE6: priceUsdE6('upper end in dollars'),
});
export type Range = z.output<typeof range>;

export const opinionAnswer = z
  .object({
    direction: z.literal([-1, 0, 1]).describe('where the price goes: down, nowhere, up'),
    confidence: z.literal([0, 1, 2]).describe('how sure: low, medium, high'),
    regime: z.literal([0, 1, 2, 3]).describe('the market: 0 cannot say, 1 calm, 2 normal, 3 volatile'),
    width: z.literal([0, 1, 2]).describe('the range: narrower, as it is, wider'),
  })
  .describe('everything a model can say; 108 answers in all');
export type OpinionAnswer = z.output<typeof opinionAnswer>;

export const noOpinionReasons = [
  'off',
  'no-key',
  'budget',
  'breaker-open',
  'time-out',
  'refused',
  'cut-off',
  'malformed',
  'failed',
] as const;

/** What the model had to say of a run: an answer with the weight it has earned, or why there is none. */
export const opinion = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('given'),
    answer: opinionAnswer,
    weight: z
      .number()
      .min(0)
      .max(1)
      .describe('share of the bounded effect that counts; 0 = shadow mode, recorded only'),
    model: z.string().describe('name of the model that answered'),
    promptHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('sha256 of everything the model was asked, image included'),
    callId: z.string().describe('id of the record of the call'),
  }),
  z.object({
    kind: z.literal('none'),
    reason: z.enum(noOpinionReasons).describe('why there is no opinion'),
    detail: z.string().max(500).describe('one sentence for a person, scrubbed of secrets'),
  }),
]);
export type Opinion = z.output<typeof opinion>;

const seconds = (description: string) => z.number().positive().describe(`${description}, seconds`);
const annual = (description: string) => z.number().positive().describe(`${description}, 0.8 = 80 % a year`);

/** Every setting that the view depends on: with the market-observed of its run and the opinion it gives the same bits. */
export const viewSettings = z.object({
  blockTimeS: seconds('time from block to block of the chain'),
  horizonS: z.int().positive().describe('how far ahead the view reaches, seconds'),
  coverage: z.number().min(0).max(1).describe('posterior mass the recommended range must hold'),
  priorReturns: z.number().positive().describe('the VWAP prior counts as much as this many candle returns'),
  maxPoints: z.int().positive().describe('most points at which the posterior is evaluated'),
  prior: z.object({
    minSigmaLog: z.number().positive().describe('least scale of the prior'),
    spotSigmaLog: z.number().positive().describe('scale of the prior when the window had no trades'),
    volatilityWidening: z.number().min(1).describe('factor on the scale under a volatility trigger'),
  }),
  likelihood: z.object({
    degreesOfFreedom: z.number().positive().describe('tails of the Student-t'),
    slowHalfLifeS: seconds('age at which a candle counts half in the slow volatility'),
    fastHalfLifeS: seconds('age at which a candle counts half in the fast volatility'),
    departure: z
      .number()
      .nonnegative()
      .describe('logarithm of the ratio of variances within which the slow one is believed'),
    tailFactor: z
      .number()
      .min(1)
      .describe('deviation of a candle’s return over that of a normal with the same mean of the power 1.5'),
    estimationFactor: z.number().min(1).describe('factor on the scale, because the volatility is itself estimated'),
    minReturns: z.number().positive().describe('with fewer candle returns the fallback stands in for the missing'),
    fallbackVolatilityAnnual: annual('volatility without candles'),
    minVolatilityAnnual: annual('least volatility that is believed'),
    volatilityWidening: z.number().min(1).describe('factor on the scale under a volatility trigger'),
  }),
  regime: z.object({
    calmBelowAnnual: annual('realised volatility below which it votes calm'),
    volatileAboveAnnual: annual('realised volatility above which it votes volatile'),
  }),
});
export type ViewSettings = z.output<typeof viewSettings>;

const regimeName = z.enum(['calm', 'normal', 'volatile']);

/** What kind of market it is, by the majority of three indicators; normal when all three differ. */
export const regime = z.object({
  name: regimeName.describe('what at least two of the three say, else normal'),
  votes: z.array(
    z.object({
      indicator: z
        .enum(['realised-volatility', 'share-above-mean', 'breadth-thrust'])
        .describe('all three from the candles of this pool alone: breadth over time, not over a market of many'),
      value: z.number().nullable().describe('null without enough candles; then it votes normal'),
      calmAt: z.number().describe('votes calm from here on, away from volatileAt'),
      volatileAt: z.number().describe('votes volatile from here on, away from calmAt'),
      vote: regimeName,
    }),
  ),
});
export type Regime = z.output<typeof regime>;

/** Another range that could be taken, with what it would hold, for whoever prices them. */
export const alternativeRange = range.extend({
  kind: z
    .enum(['coverage', 'held-width', 'held'])
    .describe(
      'coverage: the smallest with another mass; held-width: the best one as wide as the held range; held: the held range itself, whose coverage is its mass',
    ),
});
export type AlternativeRange = z.output<typeof alternativeRange>;

/** How the model's opinion may act, whatever it answers; nothing beyond this exists. */
export const opinionEffect = z
  .object({
    shiftSigmas: z
      .number()
      .min(-0.25)
      .max(0.25)
      .describe('how far the centre was moved, in standard deviations of the posterior without it'),
    widthFactor: z.number().min(0.8).max(1.5).describe('factor put on the width of the posterior'),
  })
  .describe('what the opinion did to the posterior, weight included; 0 and 1 = nothing');
export type OpinionEffect = z.output<typeof opinionEffect>;

export const recommendation = defineEvent({
  name: 'recommendation',
  description: 'The smallest range that holds the asked share of the posterior, with all that led to it.',
  stream: 'LP_EVENTS',
  saidBy: ['signal'],
  address: runAddress,
  schema: z.object({
    run,
    market,
    prior,
    likelihood,
    feedComplete: z
      .boolean()
      .optional()
      .describe('false when the look-back may lack logs; absent in messages from before it was carried on'),
    opinion: opinion.optional().describe('what the model said; absent in messages from before it was asked'),
    opinionEffect: opinionEffect.optional().describe('absent in messages from before the model was asked'),
    posterior: posterior.describe('the view at the horizon, the opinion included'),
    range,
    rangeWithoutOpinion: range
      .optional()
      .describe(
        'the range that would be recommended without the opinion; absent when the opinion changed nothing. ' +
          'A decision may move the position only where this range, in place of the recommended one, would be moved to ' +
          'as well: the model alone never turns a hold into a rebalance',
      ),
    alternatives: z
      .array(alternativeRange)
      .optional()
      .describe('other ranges, of the same posterior; absent in messages from before they were priced'),
    regime: regime.optional().describe('kind of market; absent in messages from before it was voted on'),
    settings: viewSettings.optional().describe('absent in messages from before they travelled along'),
    volumePerDayUsdE6: usdE6(
      'value traded in the candles, scaled to a day, rounded down; absent without candles',
    ).optional(),
  }),
});
