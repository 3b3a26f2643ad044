import { z } from 'zod';

/** What every process needs beside its own section: spread it into the service's schema. */
export const processSettings = {
  log: z.strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .describe('least level that is logged; LOG_LEVEL'),
  }),
  health: z.strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('address of /healthz and /readyz; loopback unless in a container'),
    port: z.int().min(0).max(65_535).default(0).describe('port of /healthz and /readyz, 0 for a free one; PORT'),
  }),
} as const;

const shape = z.strictObject(processSettings);

export type ProcessSettings = z.output<typeof shape>;
