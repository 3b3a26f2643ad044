import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  keyFamilies,
  type RedisUser,
  redisPasswordVariable,
  redisUsers,
} from '../packages/adapters/redis/src/key-families.ts';

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
