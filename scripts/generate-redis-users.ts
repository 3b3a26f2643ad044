import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serviceNames } from '../packages/contracts/src/index.ts';

/** Who has a user of their own in Redis: the services, and the person at the operator's command. */
export const redisUsers = [...serviceNames, 'operator'] as const;
export type RedisUser = (typeof redisUsers)[number];

/** Keys of one kind: who changes them, and who else reads them. The operator reads everything. */
type KeyFamily = {
  readonly pattern: string;
  readonly writers: readonly RedisUser[];
  readonly readers?: readonly RedisUser[];
};

/** What each kind of key guards is said where it is kept, in packages/adapters/redis. */
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
  { pattern: 'lp:{budgets}:*', writers: ['signal', 'decision', 'executor'] },
  { pattern: 'lp:decision:*', writers: ['decision'] },
  { pattern: 'lp:executor:wallets', writers: ['executor'], readers: ['decision'] },
  { pattern: 'lp:executor:{*', writers: ['executor'] },
  { pattern: 'lp:lease:*', writers: ['executor'] },
  { pattern: 'lp:plan-abandon:*', writers: ['executor', 'operator'] },
  { pattern: 'lp:proposals', writers: ['executor'] },
  { pattern: 'lp:control:*', writers: ['executor', 'alerts', 'operator'], readers: ['decision'] },
  { pattern: 'lp:breaker:*', writers: ['alerts'], readers: ['decision', 'executor'] },
  { pattern: 'lp:alert-group:*', writers: ['alerts'] },
  { pattern: 'lp:error-window', writers: ['alerts'] },
  { pattern: 'lp:values:*', writers: ['alerts'] },
];

/**
 * No command that looks at the server, at others' keys by name, or that waits; of those back, the ones that the client
 * sends when it connects. Scripts are named by their hash, and what is in them may touch no key that its user may not.
 */
const commands = [
  ...['+@read', '+@write', '+@connection', '+@transaction', '+time', '-@scripting'],
  ...['-@dangerous', '-@admin', '-@blocking', '-scan', '-keys', '-randomkey'],
  ...['+info', '+client|setname', '+eval', '+evalsha', '+script|load'],
];

/** Commands of some users beside those: the executor sees whether the server keeps what it is told. */
const moreCommands: Partial<Record<RedisUser, readonly string[]>> = {
  executor: ['+config|get'],
  operator: ['+config|get', '+scan'],
};

/** `REDIS_PASSWORD_MARKET_DATA`: the variable that holds the user's password. */
export function redisPasswordVariable(user: string): string {
  return `REDIS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;
}

/** One user a line, as redis-server reads an ACL file, but for the passwords: `@NAME@` stands for each. */
function usersText(): string {
  const lines = redisUsers.map((user) => {
    const writes = keyFamilies.filter(({ writers }) => writers.includes(user)).map(({ pattern }) => `~${pattern}`);
    const reads = keyFamilies
      .filter(({ readers }) => readers?.includes(user) === true)
      .map(({ pattern }) => `%R~${pattern}`);
    const keys = user === 'operator' ? [...writes, '%R~lp:*'] : [...writes, ...reads];
    const allowed = [...commands, ...(moreCommands[user] ?? [])];
    return ['user', user, 'on', `>@${redisPasswordVariable(user)}@`, 'resetchannels', ...keys, ...allowed].join(' ');
  });
  return `${['user default off', ...lines].join('\n')}\n`;
}

/** Writes deploy/redis-users.acl; with --check says whether it is true, exit 1 if not. */
async function run(check: boolean): Promise<void> {
  const file = new URL('../deploy/redis-users.acl', import.meta.url);
  if (!check) return await writeFile(file, usersText());
  if ((await readFile(file, 'utf8').catch(() => '')) !== usersText()) {
    console.error('deploy/redis-users.acl is not what the table says; run node scripts/generate-redis-users.ts');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.includes('--check'));
