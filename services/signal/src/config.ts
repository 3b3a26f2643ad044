import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

/** What a person may configure of the view of the market. Shares are from 0 to 1, scales natural logarithms of the price. */
export const signalSettings = z.strictObject({
  horizonS: z.int().min(60).max(604_800).default(3600).describe('how far ahead the view reaches, seconds'),
  coverage: z.number().min(0.5).max(0.99).default(0.9).describe('posterior mass the recommended range must hold'),
  priorWeight: z
    .number()
    .min(0.01)
    .max(0.99)
    .default(0.1)
    .describe('weight of the VWAP prior in the posterior; the candles have the rest to 1'),
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
      halfLifeS: z.int().min(60).default(14_400).describe('age at which a candle counts half, seconds'),
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
    })
    .prefault({}),
});

export const settings = z.strictObject({
  ...processSettings,
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  signal: signalSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;
