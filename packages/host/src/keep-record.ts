import { hostname, userInfo } from 'node:os';
import { openAuditNotes } from '@rangeward/adapter-nats/audit-notes';
import type { Broker } from '@rangeward/adapter-nats/broker';
import type { Redis } from '@rangeward/adapter-redis/connect';
import type { ServiceName } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import { limitsOf, noteLimits } from './note-limits.ts';

/** How long the last entries may take when the service ends. */
const LAST_NOTES_MS = 2_000;

/**
 * Writes a service's start, the limits that it starts with where they are others than before, and its end into the audit
 * trail, without keeping it waiting. The one who started it is the user whose process it is.
 */
export function keepRecord(of: {
  readonly service: ServiceName;
  readonly broker: Broker;
  readonly redis: Redis;
  readonly log: Logger;
  readonly limits: unknown;
}): { end(): Promise<void> } {
  const { service, broker, redis, log, limits } = of;
  const audit = openAuditNotes(broker, service);
  const actor = `${userInfo().username}@${hostname()}, process ${process.pid}`;
  audit.note({ actor, action: 'start', reason: `${service} was started` });
  const noting = noteLimits({ redis, service, actor, write: audit.write }, limitsOf(limits)).catch((error: unknown) =>
    log.warn({ err: error }, 'whether limits have changed is not written down'),
  );
  return {
    end: async () => {
      audit.note({ actor, action: 'stop', reason: `${service} ends` });
      await noting;
      await audit.close(LAST_NOTES_MS);
    },
  };
}
