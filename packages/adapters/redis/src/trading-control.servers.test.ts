import { expect, test } from 'vitest';
import { redis } from '../test/fresh-redis.ts';
import { readControl, readStop, resumeTrading, stopTrading, type TradingStop } from './trading-control.ts';

const stop = (state: TradingStop['state'], reason: string): TradingStop => ({
  state,
  by: 'a person',
  reason,
  through: 'command',
  at: '2026-01-05T00:00:00.000Z',
});
const person = { by: 'another person', reason: 'looked at it', at: '2026-01-05T01:00:00.000Z' };

test('a stop only grows stricter, and stays the one that was first', async () => {
  expect(await readControl(redis)).toBeNull();
  expect(await stopTrading(redis, stop('paused', 'first'))).toMatchObject({ changed: true });
  expect(await stopTrading(redis, stop('paused', 'second'))).toMatchObject({
    changed: false,
    stands: { state: 'paused', reason: 'first' },
  });
  expect(await stopTrading(redis, stop('killed', 'third'))).toMatchObject({ changed: true });
  expect(await stopTrading(redis, stop('paused', 'fourth'))).toMatchObject({ changed: false });
  expect(await readStop(redis)).toMatchObject({ state: 'killed', reason: 'third' });
});

test('trading goes on only for whoever saw the stop that stands', async () => {
  const seen = stop('paused', 'first');
  await stopTrading(redis, seen);
  await stopTrading(redis, stop('killed', 'meanwhile'));
  expect(await resumeTrading(redis, seen, person)).toBe(false);
  expect(await readStop(redis)).toMatchObject({ state: 'killed' });
  expect(await resumeTrading(redis, stop('killed', 'meanwhile'), person)).toBe(true);
  expect(await readStop(redis)).toBeNull();
  expect(await readControl(redis)).toMatchObject({ state: 'running', by: 'another person' });
  expect(await stopTrading(redis, stop('paused', 'again'))).toMatchObject({ changed: true });
});
