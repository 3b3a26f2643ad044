import { serviceNames } from '@rangeward/contracts';

/** Who has a user of their own in Redis: the services, and the person at the operator's command. */
export const redisUsers = [...serviceNames, 'operator'] as const;
export type RedisUser = (typeof redisUsers)[number];

/** Keys of one kind: who changes them, and who else reads them. The operator reads everything. */
type KeyFamily = {
  readonly pattern: string;
  readonly writers: readonly RedisUser[];
  readonly readers?: readonly RedisUser[];
};

/** What each kind of key guards is said where it is kept. deploy/redis-users.acl is made from this. */
export const keyFamilies: readonly KeyFamily[] = [
  ...serviceNames.map((service): KeyFamily => ({ pattern: `lp:{inbox}:${service}-*`, writers: [service] })),
  ...serviceNames.map((service): KeyFamily => ({ pattern: `lp:limits:${service}`, writers: [service] })),
  { pattern: 'lp:request:*', writers: ['scheduler'] },
  { pattern: 'lp:{runs}:*', writers: ['scheduler'], readers: ['alerts'] },
  { pattern: 'lp:position:*', writers: ['market-data', 'executor'], readers: ['scheduler'] },
  { pattern: 'lp:positions', writers: ['market-data', 'executor'], readers: ['scheduler'] },
  { pattern: 'lp:positions:version', writers: ['market-data', 'executor'], readers: ['scheduler'] },
  { pattern: 'lp:feed:*', writers: ['market-data'] },
  { pattern: 'lp:trigger:*', writers: ['market-data'] },
  { pattern: 'lp:breach:*', writers: ['market-data'] },
  { pattern: 'lp:{model}:*', writers: ['signal'] },
  // One script reserves or releases lines of several budgets, and names the keys of all.
  { pattern: 'lp:{budgets}:*', writers: ['signal', 'decision', 'executor'], readers: ['alerts'] },
  { pattern: 'lp:decision:*', writers: ['decision'] },
  { pattern: 'lp:executor:wallets', writers: ['executor'], readers: ['decision'] },
  { pattern: 'lp:executor:{*', writers: ['executor'], readers: ['alerts'] },
  { pattern: 'lp:lease:*', writers: ['executor'] },
  { pattern: 'lp:plan-abandon:*', writers: ['executor', 'operator'] },
  { pattern: 'lp:proposals', writers: ['executor'], readers: ['alerts'] },
  { pattern: 'lp:control:*', writers: ['executor', 'alerts', 'operator'], readers: ['decision'] },
  { pattern: 'lp:breaker:*', writers: ['alerts'], readers: ['decision', 'executor'] },
  { pattern: 'lp:alert-group:*', writers: ['alerts'] },
  { pattern: 'lp:error-window', writers: ['alerts'] },
  { pattern: 'lp:values:*', writers: ['alerts'] },
];

/** `REDIS_PASSWORD_MARKET_DATA`: the variable that holds the user's password. */
export function redisPasswordVariable(user: string): string {
  return `REDIS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;
}
