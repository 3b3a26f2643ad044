import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

/** The environment of this process, read here and nowhere else. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

export const settings = z.strictObject({
  ...processSettings,
  demo: z
    .strictObject({
      rpcUrl: z
        .url({ protocol: /^https?$/ })
        .default('http://127.0.0.1:8545')
        .describe('the local chain'),
      seed: z.int().nonnegative().default(3).describe('which market: the same seed is the same market'),
      blocksPerSecond: z.number().positive().default(4).describe('of twelve seconds each on the chain’s own clock'),
    })
    .prefault({}),
});
