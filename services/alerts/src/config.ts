import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';
import { channelsSettings } from './channels/channel-list.ts';

const alertsSettings = z.strictObject({
  repeatS: z.int().min(1).default(1800).describe('a cause that goes on is told again after this, with the count since'),
  channels: channelsSettings.prefault({}),
  breaker: z
    .strictObject({
      threshold: z.int().min(1).default(20).describe('errors in the window that open the breaker'),
      windowS: z.int().min(1).default(60).describe('length of the rolling window'),
      quietS: z.int().min(1).default(300).describe('time without an error from open to half-open, and again to closed'),
      checkEveryMs: z.int().min(50).default(5_000).describe('how often a breaker that is not closed is looked at'),
    })
    .refine((breaker) => breaker.quietS >= breaker.windowS, {
      message: 'must not be shorter than windowS, or the errors that opened it would open it again',
      path: ['quietS'],
    })
    .prefault({}),
  audit: z
    .strictObject({
      everyS: z.int().min(1).default(300).describe('how often what was done is held against the invariants'),
      windowHours: z.int().min(1).max(720).default(24).describe('how far back'),
    })
    .prefault({}),
  nodes: z
    .strictObject({
      everyMs: z.int().min(50).default(5_000).describe('how often each chain’s node is probed'),
      timeoutMs: z.int().min(50).default(4_000).describe('a probe without an answer for so long has failed'),
      threshold: z.int().min(1).default(3).describe('failed probes in a row that open the chain’s breaker'),
    })
    .prefault({}),
  pause: z
    .strictObject({
      failuresInARow: z.int().min(1).default(5).describe('failed live runs of a position in a row that pause trading'),
      drawdownPercent: z
        .number()
        .positive()
        .max(100)
        .default(20)
        .describe('a position that falls by more within a day pauses live trading; 100 for never'),
    })
    .prefault({}),
});

export const settings = z.strictObject({
  ...processSettings,
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  alerts: alertsSettings.prefault({}),
});
export type Settings = z.output<typeof settings>;
