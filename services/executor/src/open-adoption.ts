import { readAudit } from '@rangeward/adapter-nats/audit-trail';
import type { NatsBus } from '@rangeward/adapter-nats/open-bus';
import { readPlanJournal } from '@rangeward/adapter-nats/plan-journal';
import { createAdoptedRecords } from '@rangeward/adapter-redis/adopt-records';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { type AuditEntry, errorNotification } from '@rangeward/contracts';
import type { Logger } from '@rangeward/service/log';
import type { Adoption } from './adopt-wallet.ts';
import { stopInForce } from './lost-stop.ts';

type Outside = {
  readonly bus: Pick<NatsBus, 'broker' | 'publish'>;
  readonly redis: Redis;
  readonly log: Logger;
  readonly now: () => number;
};

const SAID_AGAIN_MS = 600_000;

/** Where an adoption reads and whom it tells; how a plan is carried on is added by who can. */
export function openAdoption({ bus, redis, log, now }: Outside): Omit<Adoption, 'finish'> {
  const toldMs = new Map<string, number>();
  return {
    redis,
    readJournal: (chain) => readPlanJournal(bus.broker, chain),
    async readStop() {
      const entries: AuditEntry[] = [];
      for await (const entry of readAudit(bus.broker)) entries.push(entry);
      return stopInForce(entries);
    },
    recordsOf: (tools) => createAdoptedRecords(redis, tools),
    async notify(tools, { rule, code, message }) {
      // An adoption that does not succeed is tried again every few seconds; a person need not hear it each time.
      const key = `${tools.chain} ${code}`;
      if (now() - (toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < SAID_AGAIN_MS) return;
      toldMs.set(key, now());
      const notice = {
        service: 'executor',
        severity: rule === 'halt' ? 'critical' : 'warning',
        kind: 'degraded',
        ...{ code, message: message.slice(0, 2000), chain: tools.chain, pool: null, runId: null },
        // Tells one look from another: the broker takes a notification of the same event once.
        eventId: `adopt-${new Date(now()).toISOString()}`,
        ...{ subject: null, attempt: null, hop: 0 },
      } as const;
      await bus
        .publish(errorNotification, notice, { correlationId: '' })
        .catch((error: unknown) => log.error({ err: error, code }, 'a finding could not be told to alerts'));
    },
  };
}
