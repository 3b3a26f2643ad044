import { type ChainReader, chainReader } from '@rangeward/adapter-evm/client';
import type { ChainSettings } from '@rangeward/adapter-evm/settings';
import type { Broker } from '@rangeward/adapter-nats/broker';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { auditInvariants, type InvariantReport } from '@rangeward/invariants/audit-invariants';
import type { Logger } from '@rangeward/service/log';
import type { OwnFailures } from './own-failures.ts';
import type { RaiseAlert } from './raise-alert.ts';
import { alertOfInvariant } from './rules.ts';

type Watching = {
  readonly broker: Broker;
  readonly redis: Redis;
  readonly chains: Readonly<Record<string, ChainSettings>>;
  readonly raise: RaiseAlert;
  readonly failures: OwnFailures;
  readonly settings: { readonly everyMs: number; readonly windowMs: number };
  readonly log: Logger;
  readonly now: () => number;
};

/** The auditor that runs beside everything else: what must never be is looked for again and again, and told when it is. */
export function watchInvariants(of: Watching): { stop(): Promise<void> } {
  const { settings, failures, raise, log, now, broker, redis } = of;
  const chains: ReadonlyMap<string, ChainReader> = new Map(
    Object.entries(of.chains).map(([name, chain]) => [name, chainReader({ name, settings: chain, timeoutMs: 5_000 })]),
  );
  // Said of a moment in which things moved, it must still be so at the next look.
  let before = new Set<string>();
  const look = async () => {
    const nowMs = now();
    const report = await auditInvariants({ broker, redis, chains }, { nowMs, sinceMs: nowMs - settings.windowMs });
    const found = new Set(report.verdicts.flatMap(({ violations }) => violations));
    for (const verdict of lasting(report, before)) await raise(alertOfInvariant(verdict));
    before = found;
    log.info({ plans: report.plans, violations: report.violations }, 'the invariants were looked at');
  };
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => failures.guard('invariants', look));
  }, settings.everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

function lasting({ verdicts }: InvariantReport, before: ReadonlySet<string>): InvariantReport['verdicts'] {
  return verdicts
    .map((verdict) => ({ ...verdict, violations: verdict.violations.filter((text) => before.has(text)) }))
    .filter(({ violations }) => violations.length > 0);
}
