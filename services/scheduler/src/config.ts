import { chainsSettings } from '@rangeward/adapter-evm/settings';
import { natsSettings } from '@rangeward/adapter-nats/settings';
import { redisSettings } from '@rangeward/adapter-redis/settings';
import { autonomyLevels, tradingModes } from '@rangeward/contracts';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';
import { concerns, configuredPools } from './configured-pools.ts';
import { scheduleProblem } from './plan-slots.ts';

const schedule = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9.-]{1,64}$/, 'expected 1 to 64 of a-z, 0-9, . and -'),
    cron: z.string().describe('5 or 6 fields (seconds first when 6)'),
    timezone: z.string().default('UTC').describe('IANA name, such as America/New_York'),
    chain: z.string().optional().describe('only this chain; all when absent'),
    pool: z.string().optional().describe('only the pool with this name or address; all when absent'),
    position: z.string().optional().describe('only this position; all of the pool when absent'),
  })
  .superRefine((value, context) => {
    const problem = scheduleProblem(value);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['cron'], message: problem });
  });

const schedulerSettings = z.strictObject({
  schedules: z.array(schedule).default([{ name: 'hourly', cron: '0 * * * *', timezone: 'UTC' }]),
  runTimeoutS: z.int().min(5).max(3600).default(300).describe('a run without a result by then is failed'),
  proposalTimeoutS: z
    .int()
    .min(60)
    .max(86_400)
    .default(1800)
    .describe('the same where a person approves plans, who has so long to do it'),
});

const fields = z.strictObject({
  ...processSettings,
  mode: z.enum(tradingModes).default('paper'),
  autonomy: z
    .enum(autonomyLevels)
    .optional()
    .describe('observe, propose (a person approves) or act; act on local chains and propose elsewhere when absent'),
  nats: natsSettings,
  redis: redisSettings,
  chains: chainsSettings.default({}),
  scheduler: schedulerSettings.prefault({}),
});

export const settings = fields.superRefine(checkSchedules);
export type Settings = z.output<typeof settings>;

/** Says of a schedule that means no configured position that it would be silent for ever. */
export function checkSchedules(
  { chains, scheduler }: Pick<z.output<typeof fields>, 'chains' | 'scheduler'>,
  context: z.core.$RefinementCtx,
): void {
  const pools = configuredPools(chains);
  if (pools.length === 0) return;
  for (const [index, schedule] of scheduler.schedules.entries()) {
    const said = (['position', 'pool', 'chain'] as const).find((name) => schedule[name] !== undefined);
    if (said === undefined || pools.some((pool) => concerns(schedule, pool))) continue;
    const path = ['scheduler', 'schedules', index, said];
    context.addIssue({ code: 'custom', path, message: 'this schedule means no configured position' });
  }
}
