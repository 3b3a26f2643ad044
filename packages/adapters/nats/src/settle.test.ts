import assert, { AssertionError } from 'node:assert';
import { Rejection } from '@rangeward/contracts';
import { describe, expect, it } from 'vitest';
import { describeError, settle, type Tries } from './settle.ts';

const first: Tries = {
  failures: 1,
  deliveries: 1,
  ageMs: 10,
  maxFailures: 3,
  maxDeliveries: 9,
  firstDelayMs: 1_000,
};
const thrown = (error: unknown, tries: Partial<Tries> = {}) => settle({ kind: 'threw', error }, { ...first, ...tries });

describe('settle', () => {
  it('acknowledges an ordinary answer, and what was done before', () => {
    expect(settle({ kind: 'returned' }, first)).toEqual({ kind: 'ack' });
    expect(settle({ kind: 'already-done' }, first)).toEqual({ kind: 'ack' });
  });

  it('hands back what a draining process did not finish', () => {
    expect(settle({ kind: 'handed-back' }, first)).toEqual({ kind: 'hand-back' });
  });

  it('makes a dead letter of a rejection at once, with its code and field', () => {
    const rejection = new Rejection('unknown-pool', 'nobody manages it', { field: 'pool' });
    expect(thrown(rejection)).toEqual({
      kind: 'dead-letter',
      reason: 'rejected',
      why: { code: 'unknown-pool', message: 'nobody manages it', field: 'pool' },
    });
  });

  it('tries whatever else again, with pauses that double up to a minute', () => {
    const delays = [1, 2, 3, 10].map((failures) => thrown(new Error('away'), { failures, maxFailures: 99 }));
    expect(delays.map((verdict) => verdict.kind === 'retry' && verdict.delayMs)).toEqual([1_000, 2_000, 4_000, 60_000]);
    const patient = { failures: 300, maxFailures: 400, longestDelayMs: 10_000 };
    expect(thrown(new Error('away'), patient)).toMatchObject({ kind: 'retry', delayMs: 10_000 });
    expect(thrown('a string')).toMatchObject({ kind: 'retry', why: { code: 'unknown', message: 'a string' } });
  });

  it('gives up after the last failure, after too many deliveries, or after an hour of trying', () => {
    const hour = 3_600_000;
    expect(thrown(new Error('away'), { failures: 3 })).toMatchObject({ kind: 'dead-letter', reason: 'given-up' });
    expect(thrown(new Error('away'), { deliveries: 9 })).toMatchObject({ kind: 'dead-letter', reason: 'given-up' });
    expect(thrown(new Error('away'), { failures: 2, ageMs: hour })).toMatchObject({ reason: 'given-up' });
    expect(thrown(new Error('away'), { failures: 2, ageMs: hour - 1 })).toMatchObject({ kind: 'retry' });
    // A message that waited long for us has not been tried yet.
    expect(thrown(new Error('away'), { failures: 1, ageMs: 5 * hour })).toMatchObject({ kind: 'retry' });
  });

  it('ends the process for a broken invariant, however often it was tried', () => {
    expect(thrown(new AssertionError({ message: 'sum is wrong' }), { failures: 3 })).toMatchObject({ kind: 'crash' });
    expect(() => assert.equal(1, 2)).toThrow(AssertionError);
  });
});

describe('describeError', () => {
  it('names every cause in the letters that alerts can group by', () => {
    const codes = [
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      new TypeError('x'),
      new Error('x'),
      new Rejection('Not Kebab_Case!', 'x'),
      Object.assign(new Error('x'), { code: '???' }),
      Object.assign(new Error('x'), { code: 'a'.repeat(100) }),
      Object.assign(new Error('x'), { name: 'HttpRequestError', code: -32_000 }),
    ].map((error) => describeError(error).code);
    expect(codes).toEqual([
      'econnrefused',
      'type-error',
      'handler-error',
      'not-kebab-case',
      'unknown',
      'a'.repeat(64),
      'http-request-error',
    ]);
    for (const code of codes) expect(code).toMatch(/^[a-z0-9-]{1,64}$/);
  });
});
