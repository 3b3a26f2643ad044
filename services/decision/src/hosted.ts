import type { HostedService } from '@rangeward/host/host-service';
import { settings } from './config.ts';
import { start } from './start.ts';

/** The service as it is hosted: alone by main.ts, or beside the others. */
export const hosted = {
  name: 'decision',
  settings,
  start,
  limits: ({ mode, decision: { limits, plan, guard } }) => ({ mode, limits, plan, guard }),
} as const satisfies HostedService<typeof settings>;
