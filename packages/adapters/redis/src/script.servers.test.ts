import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { defineScript } from './script.ts';

test('keys and values go in, the answer comes out, also on a server that forgot the script', async () => {
  const join = defineScript('Join', 1, `return KEYS[1] .. ARGV[1] .. ARGV[2]`);
  expect(await join(redis, ['a'], ['b', 3])).toBe('ab3');
  await redis.script('FLUSH');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => join(redis, ['a'], ['b', index])));
  expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => `ab${index}`));
});

test('scripts first used while a pipeline is open get their own answers, and so do all beside them', async () => {
  const scripts = Array.from({ length: 10 }, (_, index) => defineScript(`S${index}`, 'any', `return '${index}'`));
  const answers = await Promise.all(
    scripts.flatMap((script) => [redis.echo('e'), script(redis, [], []), redis.echo('f')]),
  );
  expect(answers).toEqual(scripts.flatMap((_, index) => ['e', String(index), 'f']));
});

test('a script that fails runs once and says so', async () => {
  const fail = defineScript('Fail', 1, `redis.call('INCR', KEYS[1]) return redis.call('NOSUCH')`);
  await expect(fail(redis, ['count'], [])).rejects.toThrow(/nosuch|unknown/i);
  await expect(fail(redis, ['count'], [])).rejects.toThrow();
  expect(await redis.get('count')).toBe('2');
  await expect(fail(redis, [], [])).rejects.toThrow('takes 1 keys, not 0');
});
