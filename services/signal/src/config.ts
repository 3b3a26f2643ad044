import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { modelSettings } from '@rangeward/adapter-llm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

/** What a person may configure of the view of the market. Shares are from 0 to 1, scales natural logarithms of the price. */
export const signalSettings = z.strictObject({
  horizonS: z.int().min(60).max(604_800).default(3600).describe('how far ahead the view reaches, seconds'),
  coverage: z.number().min(0.5).max(0.99).default(0.9).describe('posterior mass the recommended range must hold'),
  priorReturns: z
    .number()
    .min(0.01)
    .max(1000)
    .default(3)
    .describe('the VWAP prior counts as much as this many candle returns, of which a day has 288'),
  maxPoints: z.int().min(64).max(4096).default(1024).describe('most points at which the posterior is evaluated'),
  prior: z
    .strictObject({
      minSigmaLog: z.number().min(1e-6).default(0.003).describe('least scale of the prior'),
      spotSigmaLog: z.number().min(1e-6).default(0.02).describe('scale of the prior when the window had no trades'),
      volatilityWidening: z
        .number()
        .min(1)
        .max(10)
        .default(2)
        .describe('factor on the scale under a volatility trigger'),
    })
    .prefault({}),
  likelihood: z
    .strictObject({
      degreesOfFreedom: z.number().min(2.1).max(100).default(8).describe('tails of the Student-t; fewer are heavier'),
      slowHalfLifeS: z
        .int()
        .min(60)
        .default(86_400)
        .describe('age at which a candle counts half in the volatility that is believed first, seconds'),
      fastHalfLifeS: z
        .int()
        .min(60)
        .default(7200)
        .describe('the same of the volatility that is followed where it departs from the slow one, seconds'),
      departure: z
        .number()
        .min(0)
        .default(0.6)
        .describe('logarithm of the ratio of the two variances that is chance: the slow one is believed within it'),
      tailFactor: z
        .number()
        .min(1)
        .max(2)
        .default(1.09)
        .describe(
          'deviation of a candle’s return over that of a normal with the same mean of the power 1.5: 1 for a normal, 1.09 for candles of five minutes, seeded or real',
        ),
      estimationFactor: z
        .number()
        .min(1)
        .max(2)
        .default(1.03)
        .describe(
          'factor on the scale, because the volatility is itself estimated; 1.03 was found on the seeded market',
        ),
      minReturns: z
        .int()
        .min(1)
        .default(12)
        .describe('with fewer candle returns the fallback stands in for the missing'),
      fallbackVolatilityAnnual: z
        .number()
        .positive()
        .default(0.8)
        .describe('volatility a year without candles, 0.8 = 80 %'),
      minVolatilityAnnual: z.number().min(0.001).default(0.05).describe('least volatility a year that is believed'),
      volatilityWidening: z
        .number()
        .min(1)
        .max(10)
        .default(1.25)
        .describe('factor on the scale under a volatility trigger'),
    })
    .prefault({}),
  regime: z
    .strictObject({
      calmBelowAnnual: z.number().positive().default(0.6).describe('realised volatility a year that votes calm'),
      volatileAboveAnnual: z
        .number()
        .positive()
        .default(1.2)
        .describe('realised volatility a year that votes volatile'),
    })
    .refine((value) => value.calmBelowAnnual < value.volatileAboveAnnual, {
      path: ['calmBelowAnnual'],
      message: 'must be below volatileAboveAnnual',
    })
    .prefault({}),
});

/** The model's settings and its key stand beside the view's, and never travel with them. */
const sectionSettings = z.strictObject({
  ...signalSettings.shape,
  model: modelSettings.prefault({}),
  anthropicApiKey: z.string().min(8).optional().meta({
    description: 'key of the model’s provider; without one nobody is asked; ANTHROPIC_API_KEY',
    secret: true,
  }),
});

export const settings = z.strictObject({
  ...processSettings,
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  signal: sectionSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;
