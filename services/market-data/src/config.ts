import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

/** As many candles as market-observed carries. */
const MAX_CANDLES = 600;

const volatilitySettings = z.strictObject({
  thresholdRatio: z.number().min(1).default(2).describe('fires at this multiple of the normal volatility'),
  recentS: z.int().min(600).default(3600).describe('length of the recent window, seconds of the chain’s clock'),
  cooldownS: z.int().nonnegative().default(3600).describe('pause after firing, seconds of the chain’s clock'),
  checkEveryS: z.int().nonnegative().default(60).describe('how often it is measured, seconds of the chain’s clock'),
});

const gasSettings = z.strictObject({
  rearmPercent: z.int().nonnegative().default(10).describe('gas must rise above the threshold by this to fire again'),
  cooldownS: z.int().nonnegative().default(3600).describe('pause after firing, seconds of the chain’s clock'),
});

export const marketDataSettings = z
  .strictObject({
    bufferTicks: z.int().nonnegative().default(10).describe('how far outside the range counts as a breach'),
    rearmBlocks: z
      .int()
      .nonnegative()
      .default(300)
      .describe('a price that stays outside is announced again after so many blocks; 0 = never'),
    lookbackS: z.int().min(600).default(86_400).describe('candles reach so far back'),
    candleSeconds: z.int().min(1).default(300).describe('length of a candle'),
    feeWindowS: z
      .int()
      .min(600)
      .default(86_400)
      .describe('over how long the fees that were earned are measured, seconds; at most the look-back'),
    vwapBlocks: z.int().min(1).max(2000).default(100).describe('rolling window of the volume-weighted price, blocks'),
    twapWindowS: z.int().min(60).default(300).describe('window of the time-weighted price that guards trades'),
    staleAfterS: z.int().min(1).default(300).describe('without a new block for so long the service is not ready'),
    volatility: volatilitySettings.prefault({}),
    gas: gasSettings.prefault({}),
  })
  .refine((value) => value.lookbackS / value.candleSeconds <= MAX_CANDLES - 1, {
    path: ['candleSeconds'],
    message: `gives more than ${MAX_CANDLES} candles over lookbackS: make candles longer or the look-back shorter`,
  })
  .refine((value) => value.volatility.recentS >= 6 * value.candleSeconds, {
    path: ['volatility', 'recentS'],
    message: 'must hold at least six candles, or there is nothing to measure',
  });
export type MarketDataSettings = z.output<typeof marketDataSettings>;

export const settings = z.strictObject({
  ...processSettings,
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  marketData: marketDataSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;
