import type { HostedService } from '@rangeward/host/host-service';
import { limitsInForce, settings } from './config.ts';
import { start } from './start.ts';

/** The service as it is hosted: alone by main.ts, or beside the others. */
export const hosted = { name: 'executor', settings, start, limits: limitsInForce } as const satisfies HostedService<
  typeof settings
>;
