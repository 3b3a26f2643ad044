import { type GroupAnswer, hitGroup } from '@rangeward/adapter-redis/alert-groups';
import type { Redis } from '@rangeward/adapter-redis/connect';
import { type Alert, rankOf } from './alert.ts';
import type { Delivery } from './deliver-notices.ts';

/** Tells a person of an alert unless its cause was told lately. */
export type RaiseAlert = (alert: Alert) => Promise<GroupAnswer>;

export function createRaiseAlert(of: {
  readonly redis: Redis;
  readonly delivery: Delivery;
  readonly repeatMs: number;
  readonly now: () => number;
}): RaiseAlert {
  return async (alert) => {
    const nowMs = of.now();
    const hit = { nowMs, repeatMs: of.repeatMs, rank: rankOf(alert.severity) };
    const answer = await hitGroup(of.redis, alert.group, hit);
    if (answer.notify) of.delivery.deliver({ ...alert, count: answer.count, time: new Date(nowMs).toISOString() });
    return answer;
  };
}
