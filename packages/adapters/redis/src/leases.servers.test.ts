import { expect, test } from 'vitest';
import { redis, server } from '../test/fresh-redis.ts';
import { closeRedis, connectRedis } from './connect.ts';
import { acquireLease, fenceGuard, fenceKey, keepLease, type Lease } from './leases.ts';
import { defineScript } from './script.ts';

async function acquired(name: string, holder: string, ttlMs: number): Promise<Lease> {
  const lease = await acquireLease(redis, name, holder, ttlMs);
  if (lease === null) throw new Error(`${name} is held`);
  return lease;
}

/** Waits until the time of whoever holds it is up. */
async function acquiredLater(name: string, holder: string, ttlMs: number): Promise<Lease> {
  for (;;) {
    const lease = await acquireLease(redis, name, holder, ttlMs);
    if (lease !== null) return lease;
  }
}

test('one holds it, the next one has a greater token', async () => {
  const first = await acquired('w', 'a', 60_000);
  expect(await acquireLease(redis, 'w', 'b', 60_000)).toBeNull();
  expect(await acquireLease(redis, 'w', 'a', 60_000)).toBeNull();
  expect(first.remainingMs()).toBeGreaterThan(50_000);
  await first.release();
  expect(first.remainingMs()).toBe(0);
  const second = await acquired('w', 'b', 60_000);
  expect(second.fence).toBeGreaterThan(first.fence);
});

test('of a hundred at once one wins', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => acquireLease(redis, 'w', 'a', 60_000)));
  expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
});

test('names do not see one another', async () => {
  expect(await acquired('w1', 'a', 60_000)).toMatchObject({ name: 'w1' });
  expect(await acquired('w2', 'a', 60_000)).toMatchObject({ name: 'w2' });
});

test('a token of before Redis lost everything is smaller than any of afterwards', async () => {
  const before = await acquired('w', 'a', 60_000);
  await redis.flushall();
  expect(await before.renew()).toBe(false);
  const after = await acquired('w', 'b', 60_000);
  expect(after.fence).toBeGreaterThan(before.fence);
  expect(Number.isSafeInteger(after.fence)).toBe(true);
});

test('who lost it can neither renew nor release it', async () => {
  const first = await acquired('w', 'a', 20);
  const second = await acquiredLater('w', 'b', 60_000);
  expect(first.remainingMs()).toBeLessThanOrEqual(0);
  expect(await first.renew()).toBe(false);
  await first.release();
  expect(await acquireLease(redis, 'w', 'c', 60_000)).toBeNull();
  expect(await second.renew()).toBe(true);
});

test('renewed it lasts, and by our own clock never longer than by that of Redis', async () => {
  const lease = await acquired('w', 'a', 1_000);
  const before = await redis.pttl('lp:lease:{w}');
  await expect.poll(() => redis.pttl('lp:lease:{w}'), { interval: 1 }).toBeLessThan(before);
  expect(await lease.renew()).toBe(true);
  const ours = lease.remainingMs();
  const theirs = await redis.pttl('lp:lease:{w}');
  // Redis counts whole milliseconds, and the question came after ours.
  expect(ours).toBeLessThanOrEqual(theirs + 50);
  expect(ours).toBeLessThanOrEqual(1_000);
});

test('a write with an old token is refused by the write itself', async () => {
  const write = defineScript('FencedWrite', 2, `${fenceGuard}\nredis.call('SET', KEYS[2], ARGV[2])\nreturn 'written'`);
  const put = (lease: Lease, value: string) => write(redis, [fenceKey('w'), 'lp:{w}:books'], [lease.fence, value]);
  const zombie = await acquired('w', 'a', 20);
  expect(await put(zombie, 'first')).toBe('written');
  const next = await acquiredLater('w', 'b', 60_000);
  expect(await put(next, 'second')).toBe('written');
  expect(await put(zombie, 'late')).toBe('fenced');
  expect(await redis.get('lp:{w}:books')).toBe('second');
});

test('kept, it outlives its own time many times over; stopped, it is free at once', async () => {
  const kept = keepLease(await acquired('w', 'a', 600), 600);
  const renewals = new Set<number>();
  const fence = await acquiredAfter(5, renewals);
  expect(kept.signal.aborted).toBe(false);
  expect(fence).toBe(kept.fence);
  await kept.stop();
  expect(await acquireLease(redis, 'w', 'b', 60_000)).not.toBeNull();

  /** Waits until its time was extended so many times, and returns the token that stands then. */
  async function acquiredAfter(extensions: number, seen: Set<number>): Promise<number> {
    let last = 0;
    while (seen.size < extensions) {
      const leftMs = await redis.pttl('lp:lease:{w}');
      if (leftMs > last) seen.add(seen.size);
      last = leftMs;
    }
    return Number((await redis.get('lp:lease:{w}'))?.split(':')[0]);
  }
});

test('kept and taken away, its signal aborts', async () => {
  const kept = keepLease(await acquired('w', 'a', 150), 150);
  const lost = new Promise((resolve) => kept.signal.addEventListener('abort', resolve, { once: true }));
  await redis.set('lp:lease:{w}', '99:somebody');
  await lost;
  expect(kept.signal.reason).toMatchObject({ name: 'LeaseLost' });
  await kept.stop();
  expect(await redis.get('lp:lease:{w}')).toBe('99:somebody');
});

test('kept while Redis hangs, its signal aborts before another could have it', async () => {
  const own = await connectRedis({ url: server.url, commandTimeoutMs: 50 });
  const lease = await acquireLease(own, 'w', 'a', 300);
  if (lease === null) throw new Error('w is held');
  const kept = keepLease(lease, 300);
  const lost = new Promise((resolve) => kept.signal.addEventListener('abort', resolve, { once: true }));
  server.kill('SIGSTOP');
  try {
    await lost;
    expect(lease.remainingMs()).toBeLessThan(20);
  } finally {
    server.kill('SIGCONT');
  }
  await kept.stop();
  await closeRedis(own);
});
