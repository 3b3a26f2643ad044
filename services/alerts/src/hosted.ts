import type { HostedService } from '@rangeward/host/host-service';
import { settings } from './config.ts';
import { start } from './start.ts';

/** The service as it is hosted. It hears error notifications, so it must never cause one. */
export const hosted = {
  name: 'alerts',
  settings,
  start,
  notifyErrors: false,
  limits: ({ alerts: { pause, breaker } }) => ({ pause, breaker }),
} as const satisfies HostedService<typeof settings>;
