import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLife } from './life.ts';

const silent = pino({ level: 'silent' });
const never = () => new Promise<never>(() => {});

test('opens in order and closes in reverse', async () => {
  const life = createLife({ log: silent });
  const steps: string[] = [];
  for (const name of ['redis', 'nats', 'health']) {
    const part = await life.open(
      name,
      () => {
        steps.push(`open ${name}`);
        return name.toUpperCase();
      },
      (opened) => steps.push(`close ${opened}`),
    );
    expect(part).toBe(name.toUpperCase());
  }
  expect(await life.close()).toEqual({ clean: true, problems: [] });
  expect(steps).toEqual(['open redis', 'open nats', 'open health', 'close HEALTH', 'close NATS', 'close REDIS']);
});

test('a part that does not open is named, and what was open before it is closed', async () => {
  const life = createLife({ log: silent });
  const closed: string[] = [];
  await life.open(
    'redis',
    () => 1,
    () => closed.push('redis'),
  );
  const broken = life.open(
    'nats',
    () => Promise.reject(new Error('connection refused')),
    () => closed.push('nats'),
  );
  await expect(broken).rejects.toThrow('could not open nats: connection refused');
  await life.close();
  expect(closed).toEqual(['redis']);
});

test('a part that hangs while it opens is named, and closed should it open later', async () => {
  const life = createLife({ log: silent });
  const { promise, resolve } = Promise.withResolvers<string>();
  const { promise: closed, resolve: close } = Promise.withResolvers<string>();
  const opening = life.open('nats', () => promise, close, { openWithinMs: 10 });
  await expect(opening).rejects.toThrow('could not open nats: not done within 10 ms');
  resolve('late');
  expect(await closed).toBe('late');
});

test('a part that hangs or fails while it closes is named, and the others are closed all the same', async () => {
  const life = createLife({ log: silent, closeWithinMs: 10 });
  const closed: string[] = [];
  await life.open(
    'redis',
    () => 1,
    () => closed.push('redis'),
  );
  await life.open('nats', () => 1, never);
  await life.open(
    'health',
    () => 1,
    () => Promise.reject(new Error('port gone')),
  );
  const answer = await life.close();
  expect(answer.clean).toBe(false);
  expect(answer.problems).toEqual(['could not close health: port gone', 'could not close nats: not done within 10 ms']);
  expect(closed).toEqual(['redis']);
  expect(await life.close()).toBe(answer);
});

test('all closings together are bounded', async () => {
  const life = createLife({ log: silent, closeWithinMs: 60_000, closeAllWithinMs: 20 });
  let closed = false;
  await life.open(
    'first',
    () => 1,
    () => {
      closed = true;
    },
  );
  for (let part = 0; part < 5; part += 1) await life.open(`part ${part}`, () => part, never);
  const answer = await life.close();
  expect(answer.problems).toHaveLength(5);
  expect(closed).toBe(true);
});

test('asked to end: the signal aborts, openings under way are given up, no new ones begin', async () => {
  const life = createLife({ log: silent });
  const opening = life.open('nats', never);
  life.end('SIGTERM');
  life.end(new Error('later'));
  await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
  await expect(life.open('health', () => 1)).rejects.toThrow('the process is ending');
  expect(life.signal.aborted).toBe(true);
  expect(await life.ended).toBe('SIGTERM');
});
