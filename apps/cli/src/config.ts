import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { tradingModes } from '@rangeward/contracts';
import { z } from 'zod';

/** The environment of this process, read here and nowhere else. */
export const environment: NodeJS.ProcessEnv = process.env;

/** What the operator's command itself needs of the configuration. */
export const settings = z.strictObject({
  mode: z.enum(tradingModes).default('paper'),
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
});
export type Settings = z.output<typeof settings>;
