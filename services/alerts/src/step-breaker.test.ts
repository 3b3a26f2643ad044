import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BreakerState, stepBreaker } from './step-breaker.ts';

const settings = { threshold: 20, windowMs: 60_000, quietMs: 300_000 };
const step = (state: BreakerState['state'], sight: { nowMs: number; errors?: number; lastErrorMs?: number | null }) =>
  stepBreaker(
    { state, sinceMs: 1_000_000 },
    { nowMs: sight.nowMs, errorsInWindow: sight.errors ?? 0, lastErrorMs: sight.lastErrorMs ?? null },
    settings,
  );

describe('a closed breaker', () => {
  it('opens at the threshold and not before', () => {
    expect(step('closed', { nowMs: 2_000_000, errors: 19 })).toBeNull();
    expect(step('closed', { nowMs: 2_000_000, errors: 20 })).toMatchObject({ state: 'open', sinceMs: 2_000_000 });
  });
});

describe('an open breaker', () => {
  it('half-opens when it was quiet long enough, since it opened and since the last error', () => {
    expect(step('open', { nowMs: 1_299_999, lastErrorMs: 900_000 })).toBeNull();
    expect(step('open', { nowMs: 1_300_000, lastErrorMs: 900_000 })).toMatchObject({ state: 'half-open' });
    expect(step('open', { nowMs: 1_400_000, lastErrorMs: 1_100_001 })).toBeNull();
  });

  it('never closes at once, and stays open while errors come', () => {
    expect(step('open', { nowMs: 9_000_000, lastErrorMs: null })?.state).toBe('half-open');
    expect(step('open', { nowMs: 9_000_000, lastErrorMs: 8_900_000, errors: 3 })).toBeNull();
  });
});

describe('a half-open breaker', () => {
  it('opens again with one error', () => {
    expect(step('half-open', { nowMs: 1_000_010, lastErrorMs: 1_000_005, errors: 1 })).toMatchObject({ state: 'open' });
  });

  it('closes after as long a quiet once more', () => {
    expect(step('half-open', { nowMs: 1_299_999, lastErrorMs: 500_000 })).toBeNull();
    expect(step('half-open', { nowMs: 1_300_000, lastErrorMs: 500_000 })).toMatchObject({ state: 'closed' });
  });
});

it('is never closed within two quiet periods of an error that came while it was not', () => {
  const events = fc.array(
    fc.record({ afterMs: fc.integer({ min: 1, max: 400_000 }), errors: fc.integer({ min: 0, max: 30 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(events, (list) => {
      let state: BreakerState = { state: 'open', sinceMs: 0 };
      let nowMs = 0;
      let lastErrorMs: number | null = null;
      for (const { afterMs, errors } of list) {
        nowMs += afterMs;
        if (errors > 0) lastErrorMs = nowMs;
        const next = stepBreaker(state, { nowMs, errorsInWindow: errors, lastErrorMs }, settings);
        if (next?.state === 'closed') expect(nowMs - (lastErrorMs ?? 0)).toBeGreaterThanOrEqual(2 * settings.quietMs);
        state = next ?? state;
        if (state.state === 'closed') return;
      }
    }),
  );
});
