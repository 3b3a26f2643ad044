import type { Redis } from './connect.ts';

/**
 * A Lua script that Redis runs as one step. It is sent whole once per connection and by its hash afterwards; a server
 * that lost it (restart, SCRIPT FLUSH) is sent it again. Data goes in through `keys` and `values` alone, never into the
 * text, and never into an `error_reply`.
 */
export function defineScript(name: string, numberOfKeys: number, lua: string): Script {
  const command = `lp${name}`;
  return async (redis, keys, values) => {
    if (keys.length !== numberOfKeys) throw new Error(`script ${name} takes ${numberOfKeys} keys, not ${keys.length}`);
    if (Reflect.get(redis, command) === undefined) redis.defineCommand(command, { numberOfKeys, lua });
    // ioredis puts the method on the client under the name given above, which its types cannot know.
    const run = Reflect.get(redis, command) as (...parts: readonly (string | number)[]) => Promise<unknown>;
    return run.call(redis, ...keys, ...values);
  };
}

export type Script = (redis: Redis, keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;
