import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BreakerState, createModelBreaker } from './breaker.ts';
import { type ModelReply, noAnswer } from './read-message.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const replyOf = (answer: ModelReply['answer']): ModelReply => ({ answer, usage: null, requestId: null });
const good = replyOf({ direction: 1, confidence: 2, regime: 2, width: 1 });
const bad = replyOf(noAnswer('failed', 'the model’s server answered 529'));
const giving = (reply: ModelReply) => async () => reply;

it('opens after failures in a row, lets one probe through, and closes when that is answered', async () => {
  const states: BreakerState[] = [];
  const breaker = createModelBreaker({ failures: 3, openMs: 1_000, onChange: (state) => states.push(state) });
  for (const reply of [bad, bad, good, bad, bad, bad]) await breaker.run(giving(reply));
  expect(breaker.state()).toBe('open');
  expect(breaker.refuses()).toBe(true);
  expect(await breaker.run(giving(good))).toBe('refused');

  vi.advanceTimersByTime(1_001);
  expect(breaker.refuses()).toBe(false);
  const probe = Promise.withResolvers<ModelReply>();
  const probing = breaker.run(() => probe.promise);
  expect(breaker.state()).toBe('half-open');
  expect(await breaker.run(giving(good))).toBe('refused');
  probe.resolve(good);
  expect(await probing).toBe(good);
  expect(breaker.state()).toBe('closed');
  expect(states).toEqual(['open', 'half-open', 'closed']);
});

it('opens again when the probe fails', async () => {
  const breaker = createModelBreaker({ failures: 1, openMs: 1_000, onChange: () => {} });
  await breaker.run(giving(bad));
  vi.advanceTimersByTime(1_001);
  expect(await breaker.run(giving(bad))).toBe(bad);
  expect(breaker.state()).toBe('open');
  expect(await breaker.run(giving(good))).toBe('refused');
});

it.each(['refused', 'malformed', 'cut-off'] as const)('%s is a reply: it opens nothing', async (reason) => {
  const breaker = createModelBreaker({ failures: 1, openMs: 1_000, onChange: () => {} });
  await breaker.run(giving(replyOf(noAnswer(reason, ''))));
  expect(breaker.state()).toBe('closed');
});
