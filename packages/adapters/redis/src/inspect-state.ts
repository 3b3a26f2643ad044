import type { Redis } from './connect.ts';

/** What makes a Redis fit, or unfit, to keep what guards real money. Undefined where the server does not say it. */
export type StateTraits = {
  readonly appendOnly: string | undefined;
  readonly appendFsync: string | undefined;
  readonly evictionPolicy: string | undefined;
};

/** Reads the server's settings; our user needs `+config|get` for it. Throws when the server does not answer. */
export async function inspectState(redis: Redis): Promise<StateTraits> {
  const names = ['appendonly', 'appendfsync', 'maxmemory-policy'];
  const settings = new Map<string, string>();
  for (const name of names) {
    // ioredis answers with name and value after one another.
    const [, value] = (await redis.config('GET', name).catch(unlessForbidden)) as readonly string[];
    if (value !== undefined) settings.set(name, value);
  }
  return {
    appendOnly: settings.get('appendonly'),
    appendFsync: settings.get('appendfsync'),
    evictionPolicy: settings.get('maxmemory-policy'),
  };
}

/** Hosted servers know no CONFIG, and a user may not be allowed to ask. */
function unlessForbidden(error: unknown): readonly string[] {
  if (error instanceof Error && /^(NOPERM|ERR unknown)/i.test(error.message)) return [];
  throw error;
}

/** Why this Redis must not keep what guards real money: one sentence each, with what to do; none when it may. */
export function stateProblems({ appendOnly, appendFsync, evictionPolicy }: StateTraits): string[] {
  const problems: string[] = [];
  if (appendOnly === undefined || appendFsync === undefined || evictionPolicy === undefined) {
    return [
      'Redis does not say how it keeps its data: allow our user "+config|get", so that appendonly, appendfsync and maxmemory-policy can be checked.',
    ];
  }
  if (appendOnly !== 'yes') {
    problems.push(`Redis keeps no append-only file (appendonly ${appendOnly}): set "appendonly yes".`);
  }
  if (appendFsync !== 'always') {
    problems.push(
      `Redis answers before it has written to the disk (appendfsync ${appendFsync}): set "appendfsync always".`,
    );
  }
  if (evictionPolicy !== 'noeviction') {
    problems.push(`Redis may drop keys (maxmemory-policy ${evictionPolicy}): set "maxmemory-policy noeviction".`);
  }
  return problems;
}
