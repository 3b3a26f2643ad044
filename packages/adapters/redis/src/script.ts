import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

/** Names by hash and by text: the two ways in which a script is sent. */
const names = new Map<string, string>();

/**
 * A Lua script that Redis runs as one step. It is sent by its hash; a server that does not know it (new, restarted,
 * SCRIPT FLUSH) is sent it whole. Data goes in through `keys` and `values` alone, never into the text, and never into an
 * `error_reply`. With `any` the script takes as many keys as it is given. The name is for messages and traces.
 *
 * Not ioredis' `defineCommand`: a command defined while an automatic pipeline is open is missing in that pipeline, whose
 * answers then go astray and end the process with an exception that nobody can catch (redis/ioredis issue 1931).
 */
export function defineScript(name: string, numberOfKeys: number | 'any', lua: string): Script {
  const hash = createHash('sha1').update(lua).digest('hex');
  names.set(hash, name).set(lua, name);
  return async (redis, keys, values) => {
    if (numberOfKeys !== 'any' && keys.length !== numberOfKeys) {
      throw new Error(`script ${name} takes ${numberOfKeys} keys, not ${keys.length}`);
    }
    try {
      return await redis.evalsha(hash, keys.length, ...keys, ...values);
    } catch (error) {
      // A script that is not known has not run, so running it now is no repetition.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(lua, keys.length, ...keys, ...values);
    }
  };
}

type Script = (redis: Redis, keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;

/** The name of the script that a command runs; undefined when it runs none, or none of ours. */
export function scriptNameOf(operation: string, first: unknown): string | undefined {
  return operation === 'EVALSHA' || operation === 'EVAL' ? names.get(String(first)) : undefined;
}
