import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { createInbox } from './inbox.ts';

test('an event is claimed once, busy for others meanwhile, and done afterwards', async () => {
  const [one, other] = [createInbox(redis), createInbox(redis)];
  expect(await one.claim('executor-plans', 'e1', 60_000)).toBe('claimed');
  expect(await other.claim('executor-plans', 'e1', 60_000)).toBe('busy');
  expect(await one.claim('executor-plans', 'e1', 60_000)).toBe('busy');
  await one.done('executor-plans', 'e1');
  expect(await other.claim('executor-plans', 'e1', 60_000)).toBe('done');
  expect(await redis.pttl('lp:{inbox}:executor-plans:e1')).toBeGreaterThan(7 * 86_400_000);
});

test('consumers and events do not see one another', async () => {
  const inbox = createInbox(redis);
  expect(await inbox.claim('a', 'e1', 60_000)).toBe('claimed');
  expect(await inbox.claim('b', 'e1', 60_000)).toBe('claimed');
  expect(await inbox.claim('a', 'e2', 60_000)).toBe('claimed');
});

test('of a hundred claims at once one wins', async () => {
  const claims = await Promise.all(Array.from({ length: 100 }, () => createInbox(redis).claim('a', 'e1', 60_000)));
  expect(claims.filter((answer) => answer === 'claimed')).toHaveLength(1);
  expect(claims.filter((answer) => answer === 'busy')).toHaveLength(99);
});

test('a released claim is free at once, and only its holder can release it', async () => {
  const [one, other] = [createInbox(redis), createInbox(redis)];
  await one.claim('a', 'e1', 60_000);
  await other.release('a', 'e1');
  expect(await other.claim('a', 'e1', 60_000)).toBe('busy');
  await one.release('a', 'e1');
  expect(await other.claim('a', 'e1', 60_000)).toBe('claimed');
});

test('a release does not undo what is done', async () => {
  const inbox = createInbox(redis);
  await inbox.claim('a', 'e1', 60_000);
  await inbox.done('a', 'e1');
  await inbox.release('a', 'e1');
  expect(await inbox.claim('a', 'e1', 60_000)).toBe('done');
});

test('a claim whose holder died ends by itself', async () => {
  await createInbox(redis).claim('a', 'e1', 30);
  const next = createInbox(redis);
  await expect.poll(() => next.claim('a', 'e1', 60_000), { interval: 5 }).toBe('claimed');
});

test('a server that forgot the script is sent it again', async () => {
  const inbox = createInbox(redis);
  await inbox.claim('a', 'e1', 60_000);
  await redis.script('FLUSH');
  expect(await inbox.claim('a', 'e2', 60_000)).toBe('claimed');
});

test('what is asked in one turn goes out together, and each sees what those before it did', async () => {
  const [inbox, other] = [createInbox(redis), createInbox(redis)];
  await other.claim('a', 'e3', 60_000);
  const before = await commandsSoFar();
  const answers = await Promise.all([
    inbox.claim('a', 'e1', 60_000),
    inbox.claim('a', 'e1', 60_000),
    inbox.done('a', 'e2'),
    inbox.claim('a', 'e2', 60_000),
    inbox.claim('a', 'e3', 60_000),
  ]);
  expect(answers).toEqual(['claimed', 'busy', undefined, 'done', 'busy']);
  expect((await commandsSoFar()) - before).toBe(1);
});

test('marks of work that nobody waits for gather for some milliseconds', async () => {
  const inbox = createInbox(redis);
  const before = await commandsSoFar();
  const marked = [inbox.done('a', 'e1', true)];
  await new Promise((resolve) => setImmediate(resolve));
  marked.push(inbox.done('a', 'e2', true));
  await Promise.all(marked);
  expect((await commandsSoFar()) - before).toBe(1);
  expect(await Promise.all([inbox.claim('a', 'e1', 60_000), inbox.claim('a', 'e2', 60_000)])).toEqual(['done', 'done']);
});

/** Scripts that Redis was asked to run. */
async function commandsSoFar(): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
