import type { AuditNote } from '@rangeward/adapter-nats/audit-notes';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { type Limits, readRecordedLimits, writeRecordedLimits } from '@rangeward/adapter-redis/recorded-limits';

type Noting = {
  readonly redis: Redis;
  readonly service: string;
  readonly actor: string;
  /** Writes an entry of the audit trail; it stands when this returns. */
  readonly write: (note: AuditNote) => Promise<unknown>;
};

/** Writes down what changed of a service's limits since it was last started; written first, remembered afterwards. */
export async function noteLimits({ redis, service, actor, write }: Noting, now: Limits): Promise<void> {
  const before = await readRecordedLimits(redis, service);
  const changes = changesBetween(before, now);
  if (Object.keys(changes).length === 0) return;
  const reason =
    before === null ? `${service} has never been started here before` : `${service} was started with others`;
  await write({ actor, action: 'limits-changed', reason, detail: changes });
  await writeRecordedLimits(redis, service, now);
}

/** What each limit was and is, by name; those that are as they were are left out. */
export function changesBetween(before: Limits | null, now: Limits): Record<string, string> {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(now)])].sort();
  const changed = names.filter((name) => before?.[name] !== now[name]);
  return Object.fromEntries(changed.map((name) => [name, `${before?.[name] ?? 'none'} -> ${now[name] ?? 'none'}`]));
}

/** Limits as they stand in a configuration, by dotted name. */
export function limitsOf(settings: unknown, path = ''): Limits {
  if (typeof settings !== 'object' || settings === null) return path === '' ? {} : { [path]: String(settings) };
  const inner = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.assign({}, ...inner.map(([name, value]) => limitsOf(value, path === '' ? name : `${path}.${name}`)));
}
